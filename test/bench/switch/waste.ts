/**
 * What guests get that is not for them, with eight on a network that talk in pairs: by QEMU's own multicast backend, and by
 * our switch. The backend is QEMU's code without guests: hubs join each of eight to a pair of sockets, as our guests have.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { LinuxSockets } from '../../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../../src/kernel/owned-fd.js';
import { receive, send } from '../../../src/kernel/seqpacket.js';
import { broadcast, frame, station } from '../../support/frames.js';
import { ipLink } from '../../support/links.js';
import type { Results } from '../results.js';
import { OurSwitch, pair } from './sides.js';

const guests = 8;
/** Of each. */
const frames = 250;
const payload = new Uint8Array(1500);
const mebibyte = 2 ** 20;
/** Milliseconds without a frame after which none comes any more. */
const silence = 300;
/** Of addLinks(): nobody else is on it. */
const [wire, address, ttl] = ['wire0', '10.77.0.1', 1] as const;
const groups = { qemu: { address: '239.9.9.9', port: 6000 }, ours: { address: '239.9.9.9', port: 6001 } } as const;

interface Got {
  right: number;
  wrong: number;
  /** Frames that others have sent to all. */
  greetings: number;
}

interface Network extends AsyncDisposable {
  readonly ends: readonly OwnedFd[];
}

function startQemu(): Network {
  const pairs = Array.from({ length: guests }, pair);
  const args = pairs.flatMap((_, i) => [
    ...['-netdev', `socket,id=m${i},mcast=${groups.qemu.address}:${groups.qemu.port},localaddr=${address}`],
    ...['-netdev', `hubport,id=h${i},hubid=${i},netdev=m${i}`],
    ...[
      '-netdev',
      `dgram,id=g${i},local.type=fd,local.str=${3 + i}`,
      '-netdev',
      `hubport,id=k${i},hubid=${i},netdev=g${i}`,
    ],
  ]);
  const quiet = ['-machine', 'none', '-nodefaults', '-display', 'none', '-monitor', 'none'];
  const inherited = pairs.map(([theirs]) => theirs.fd);
  // It warns of hubs without a guest
  const child: ChildProcess = spawn('qemu-system-x86_64', [...quiet, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', ...inherited],
  });
  for (const [theirs] of pairs) theirs.close();
  const ended = new Promise((resolve) => child.once('close', resolve));
  const ends = pairs.map(([, ours]) => ours);
  return {
    ends,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      for (const end of ends) end.close();
    },
  };
}

/** With the group as its uplink, as a network of type multicast has it. */
async function startOurs(): Promise<Network> {
  using sockets = new LinuxSockets();
  const group = { group: groups.ours, ifindex: ipLink(wire).ifindex as number, ttl };
  const member = sockets.openMulticast({ ...group, loop: true })._unsafeUnwrap();
  const sender = sockets.openMulticastSender({ ...group, loop: true })._unsafeUnwrap();
  const it = await OurSwitch.start(guests);
  await it.plugUplink({ port: guests, network: 0, kind: 'multicast' }, [member, sender]);
  return it;
}

/** Takes what has come to each, and counts the bytes. */
function drain(ends: readonly OwnedFd[], got: Got): boolean {
  let some = false;
  for (const [guest, end] of ends.entries()) {
    for (;;) {
      const taken = receive(end.fd, 0)._unsafeUnwrap();
      if (taken.tag !== 'message') break;
      some = true;
      const { bytes } = taken;
      if (Buffer.compare(bytes.subarray(0, 6), broadcast) === 0) got.greetings += 1;
      else if (Buffer.compare(bytes.subarray(0, 6), station(guest)) === 0) got.right += bytes.length;
      else got.wrong += bytes.length;
    }
  }
  return some;
}

async function drainAll(ends: readonly OwnedFd[], got: Got): Promise<void> {
  for (let last = performance.now(); performance.now() - last < silence; await delay(5)) {
    if (drain(ends, got)) last = performance.now();
  }
}

/** Until each has heard all others, so that a switch knows where they are. */
async function greet(ends: readonly OwnedFd[], got: Got): Promise<void> {
  while (got.greetings < guests * (guests - 1)) {
    got.greetings = 0;
    for (const [guest, end] of ends.entries()) send(end.fd, frame(broadcast, station(guest)), [])._unsafeUnwrap();
    await drainAll(ends, got);
  }
}

/** @returns bytes that were sent, and what became of them. */
async function talk({ ends }: Network): Promise<Got & { sent: number }> {
  const got = { right: 0, wrong: 0, greetings: 0 };
  await greet(ends, got);
  let sent = 0;
  for (let round = 0; round < frames; round += 1) {
    for (const [guest, end] of ends.entries()) {
      const bytes = frame(station(guest ^ 1), station(guest), payload);
      send(end.fd, bytes, [])._unsafeUnwrap();
      sent += bytes.length;
    }
    // So slowly that nothing is lost for want of room
    await delay(1);
    drain(ends, got);
  }
  await drainAll(ends, got);
  return { ...got, sent };
}

export async function measureWaste(results: Results): Promise<void> {
  results.section(`Bytes of ${guests} guests that talk in pairs, MiB`);
  results.heading(['sent', 'to its guest', 'to others']);
  const wasted: [string, number, number | undefined][] = [];
  const measure = async (name: string, start: () => Network | Promise<Network>, budget?: number) => {
    await using network = await start();
    const { sent, right, wrong } = await talk(network);
    const cell = (column: string, bytes: number) => ({ column, value: bytes / mebibyte, unit: 'MiB' });
    results.addRow(name, [cell('sent', sent), cell('to its guest', right), cell('to others', wrong)]);
    wasted.push([name, wrong / sent, budget]);
  };
  if (spawnSync('qemu-system-x86_64', ['--version']).status === 0) await measure('QEMU, socket,mcast=', startQemu);
  else results.note('qemu-system-x86_64 is missing: without it');
  await measure('a multicast network of ours', startOurs, 0);
  for (const [name, share, budget] of wasted) results.add(`${name}: to others, for each byte sent`, share, '', budget);
}
