/** Two hosts that are joined by a wire, and what carries frames between guests of theirs: QDES, or the kernel's vxlan. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LinuxSockets } from '../../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../../src/kernel/owned-fd.js';
import { ask } from '../../support/ask.js';
import { Daemon } from '../../support/daemon.js';
import { FarEnd } from '../../support/far-end.js';
import { ipLink } from '../../support/links.js';
import { name as networkName } from '../../support/policy.js';
import { switchPids } from '../../support/switch-pids.js';
import { type Lifetime, until } from '../../support/until.js';
import { sh } from '../commands.js';

/** The wire carries frames of 1500 bytes of any guest, whatever is put before them. */
const wireMtu = 1600;
const guestMtu = 1500;
/** Bytes that may wait in a packet socket, as the broker has it. */
const buffer = 1 << 22;
const key = '1a'.repeat(32);
/** Our networks, and what else their sections say. */
const networks: Readonly<Record<string, readonly string[]>> = {
  qdes: ['id = 1'],
  'qdes with a key': ['id = 2', 'port = 7756', 'key-file = KEYS'],
  'qdes as vxlan': ['id = 3', 'encapsulation = vxlan'],
};
const sectionOf = (name: string) => name.replaceAll(' ', '-');

export interface QdesSide {
  readonly name: string;
  /** A guest's socket on each host. */
  readonly ends: readonly [OwnedFd, OwnedFd];
  /** The processes that carry frames; none where the kernel does. */
  readonly pids: readonly number[];
}

export const kernelSide = "the kernel's vxlan";

function config(peer: string, keyFile: string): string {
  const sections = Object.entries(networks).map(([name, lines]) =>
    [
      `[network ${sectionOf(name)}]`,
      ...['type = qdes', 'interface = eth0', `peer[] = ${peer}`, `mtu = ${guestMtu}`],
      ...lines.map((line) => line.replace('KEYS', keyFile)),
    ].join('\n'),
  );
  const names = Object.keys(networks).map((name) => `network[] = ${sectionOf(name)}`);
  return [...sections, '[rule all]', 'effect = allow', 'user[] = *', ...names, ''].join('\n');
}

async function startBroker(t: Lifetime, host: FarEnd, peer: string): Promise<Daemon> {
  const daemon = new Daemon(t, '');
  const keyFile = join(daemon.folder, 'etc/bench.key');
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
  daemon.write(config(peer, keyFile));
  await daemon.start([], [...host.enter, 'setpriv', '--pdeathsig', 'KILL']);
  return daemon;
}

async function guestOf(t: Lifetime, daemon: Daemon, network: string): Promise<OwnedFd> {
  const wish = { verb: 'open', network: networkName(network), form: 'dgram', vnetHdr: false } as const;
  for (let tries = 0; ; tries += 1) {
    const { reply, fds } = await ask(daemon.socket, wish);
    const [fd] = fds;
    if (reply?.status === 'ok' && fd !== undefined) {
      t.teardown(() => fd.close());
      return fd;
    }
    // A switch that starts has not yet read what waits for it
    if (tries === 100) throw new Error(`${network}: ${JSON.stringify(reply)}`);
    await delay(50);
  }
}

/** A bridge with a vxlan device, as an administrator makes them, and a wire that leads from it to us. */
function addKernelSwitch(host: FarEnd, own: string, peer: string): void {
  const wire = `${own}-far`;
  host.run(`ip link add vx0 type vxlan id 4 remote ${peer} dstport 4790 dev eth0`);
  host.run('ip link add lan type bridge mcast_snooping 0');
  for (const port of ['vx0', wire]) host.run(`ip link set ${port} mtu ${guestMtu} addrgenmode none master lan up`);
  host.run('ip link set lan addrgenmode none up');
}

function openWire(t: Lifetime, sockets: LinuxSockets, wire: string): OwnedFd {
  const socket = sockets.openPacket(ipLink(wire).ifindex as number)._unsafeUnwrap();
  t.teardown(() => socket.close());
  sockets.enlarge(socket, buffer)._unsafeUnwrap();
  return socket;
}

/** Why the kernel has no vxlan device for us; undefined: it has. */
export function whyNoVxlan(): string | undefined {
  try {
    sh('ip link add vx-try type vxlan id 1 dstport 4790; ip link delete vx-try');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** All of them between the same two hosts. @param withKernel whether the kernel's vxlan is among them, as the last. */
export async function startQdesSides(t: Lifetime, withKernel: boolean): Promise<readonly QdesSide[]> {
  const hosts = [await FarEnd.make(t), await FarEnd.make(t)] as const;
  const pid = /\d+/.exec(hosts[1].enter[1] ?? '')?.[0];
  hosts[0].run(`ip link add eth0 type veth peer name eth0 netns ${pid}`);
  const addresses = ['192.0.2.1', '192.0.2.2'] as const;
  for (const [i, host] of hosts.entries()) {
    host.run(`ip link set eth0 mtu ${wireMtu} addrgenmode none up; ip address add ${addresses[i]}/24 dev eth0`);
    if (!withKernel) continue;
    host.addWire(`guest${i}`, 100 + i);
    addKernelSwitch(host, `guest${i}`, addresses[1 - i] as string);
  }
  const sockets = new LinuxSockets();
  t.teardown(() => sockets[Symbol.dispose]());
  const brokers = [await startBroker(t, hosts[0], addresses[1]), await startBroker(t, hosts[1], addresses[0])] as const;
  const sides: QdesSide[] = [];
  for (const network of Object.keys(networks)) {
    const section = sectionOf(network);
    const ends = [await guestOf(t, brokers[0], section), await guestOf(t, brokers[1], section)] as const;
    let pids: readonly number[] = [];
    await until(() => {
      pids = brokers.flatMap(({ socket }, i) => switchPids(socket, (line) => hosts[i]?.run(line) ?? ''));
      return pids.length === brokers.length;
    });
    sides.push({ name: network, ends, pids });
  }
  if (!withKernel) return sides;
  const wires = [openWire(t, sockets, 'guest0'), openWire(t, sockets, 'guest1')] as const;
  return [...sides, { name: kernelSide, ends: wires, pids: [] }];
}
