/** Virtual functions of a card: a broker gives each guest one, and gives it back as it was. Its PF is eth0. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { closeLater } from '../../../src/kernel/close.js';
import { type Answer, ask, dataOf, openRequest } from '../../support/ask.js';
import { Daemon, until } from '../../support/daemon.js';
import { inDebianKernel } from '../../support/debian-kernel.js';
import { sh, shJson, skipFile } from '../../support/namespace.js';

const rule = '[rule all]\neffect = allow\nuser[] = *\nnetwork[] = tagged\nnetwork[] = plain\n';
const pool = 'type = macvtap\npool = eth0\nmode = passthru\n';
const config = `[network tagged]\n${pool}vlan = 100\n[network plain]\n${pool}${rule}`;

if (!inDebianKernel()) skipFile('this changes a card: test/qemu/virtual-functions.ts runs it in a guest');
sh('ip link set eth0 up');
writeFileSync('/sys/class/net/eth0/device/sriov_numvfs', '2');
await until(() => functions().length === 2 && interfaces().length === 2);

interface ToldFunction {
  readonly address: string;
  readonly vlan_list?: readonly { readonly vlan?: number }[];
  readonly spoofchk: boolean;
}

/** As ip(8) tells them. */
function functions(): ToldFunction[] {
  return shJson('ip -j link show eth0')[0].vfinfo_list ?? [];
}

/** Those of functions: up or down, and their addresses. */
function interfaces(): { readonly up: boolean; readonly address: string }[] {
  const links = shJson('ip -j -d link').filter((link: { parentdev?: string; ifname: string }) => {
    return link.parentdev !== undefined && link.ifname !== 'eth0';
  });
  return links.map(({ flags, address }: { flags: string[]; address: string }) => ({
    up: flags.includes('UP'),
    address,
  }));
}

/** What of a function has to come back: an address that it had by itself is told once it has been up. */
const kept = () => ({
  functions: functions().map(({ address: _address, ...rest }) => rest),
  interfaces: interfaces(),
});

async function started(t: Test): Promise<Daemon> {
  const daemon = new Daemon(t, config);
  await daemon.start();
  return daemon;
}

function fields({ reply }: Answer): ReadonlyMap<string, string> {
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  return reply.fields;
}

function close(...answers: Answer[]): void {
  for (const { fds } of answers) for (const fd of fds) closeLater(fd.release());
}

const ended = (daemon: Daemon) => daemon.audited().filter(({ event }) => event === 'ended');

t.test('each guest has a function, with its address, VLAN and spoof check, until it ends', async (t) => {
  const before = kept();
  const daemon = await started(t);
  for (const vlan of [100, 0]) {
    const network = vlan === 100 ? 'tagged' : 'plain';
    const one = await ask(daemon.socket, openRequest(network));
    const other = await ask(daemon.socket, openRequest(network));
    const addresses = [one, other].map((answer) => fields(answer).get('mac'));
    t.same(
      functions().map(({ address }) => address),
      addresses,
      network,
    );
    t.same(
      interfaces(),
      addresses.map((address) => ({ up: true, address })),
    );
    t.ok(functions().every(({ spoofchk, vlan_list }) => spoofchk && (vlan_list?.[0]?.vlan ?? 0) === vlan));
    t.match((await ask(daemon.socket, openRequest('tagged'))).reply, {
      status: 'failed',
      message: /none of the 2 virtual functions of eth0 is free/,
    });
    t.match(dataOf(await ask(daemon.socket, { verb: 'networks' })), [
      { problem: /none of the 2/ },
      { problem: /none of/ },
    ]);
    close(one, other);
    await until(async () => dataOf(await ask(daemon.socket, { verb: 'ports' })).length === 0);
    t.same(kept(), before);
  }
  t.ok(
    ended(daemon).every(({ reason }) => reason === 'nobody holds the macvtap'),
    'nothing could not be given back',
  );
});

t.test('frames pass between two of them', async (t) => {
  const daemon = await started(t);
  const [from, to] = [await ask(daemon.socket, openRequest('tagged')), await ask(daemon.socket, openRequest('tagged'))];
  const [source, target] = [from, to].map((answer) => fields(answer).get('mac')?.replaceAll(':', '') ?? '');
  const frame = Buffer.from(`${'00'.repeat(10)}${target}${source}88b5${'5a'.repeat(60)}`, 'hex');
  const [sender = -1, receiver = -1] = [from, to].map((answer) => answer.fds[0]?.fd ?? -1);
  // Reading waits, and is for another process therefore
  const reader = spawn('cat', { stdio: [receiver, 'pipe', 'ignore'] });
  let came = '';
  reader.stdout?.setEncoding('hex').on('data', (bytes: string) => {
    came += bytes;
  });
  // The wire of a function comes up a while after it does
  while (!came.includes('5a'.repeat(60))) {
    writeSync(sender, frame);
    await delay(100);
  }
  reader.kill('SIGKILL');
  await once(reader, 'close');
  t.ok(came.includes(`${target}${source}88b5`), 'as it was sent');
  close(from, to);
  await until(() => ended(daemon).length === 2);
});

t.test('a broker that was killed: the next one gives them back', async (t) => {
  const before = kept();
  const daemon = await started(t);
  const [stays, ends] = [
    await ask(daemon.socket, openRequest('tagged')),
    await ask(daemon.socket, openRequest('plain')),
  ];
  await daemon.kill('SIGKILL');
  close(ends);
  await daemon.start();
  await until(() => ended(daemon).length === 1);
  t.match(interfaces(), [{ up: true }, before.interfaces[1]]);
  sh(`ip link del ${fields(stays).get('ifname')}`);
  await until(() => ended(daemon).length === 2);
  t.same(kept().functions, before.functions, 'also when somebody deletes the macvtap');
  t.match(interfaces(), [{ up: false }, before.interfaces[1]]);
  close(stays);
});
