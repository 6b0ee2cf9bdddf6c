/** A host for guests, in the test's own namespace: a bridge, a broker that serves it, and the helper. */

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PortListing } from '../../src/protocol/listing.js';
import { ask, dataOf } from './ask.js';
import { brokerConfig } from './broker-config.js';
import { Daemon, type Lifetime, until } from './daemon.js';
import type { User } from './guest/qemu-command.js';
import { Guest, type GuestOptions } from './guest.js';
import { inPrivateNamespace, sh, skipFile } from './namespace.js';
import { inProject } from './project.js';

/** Two ordinary users, who are in no group and have no entry in /etc/passwd. */
export const alice: User = { uid: 20_001, gid: 20_001 };
export const bob: User = { uid: 20_002, gid: 20_002 };

/** Why processes cannot be started as those two; undefined: they can. */
export function missingUsers(): string | undefined {
  const isRoot = process.getuid?.() === 0;
  const mapped = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).map(Number);
  const enough = (mapped[2] ?? 0) > bob.uid;
  return isRoot && enough ? undefined : 'other users need root: run the tests as root';
}

/** Why there can be no guest; undefined: there can. */
export function missingGuests(): string | undefined {
  if (!existsSync(inProject('build/guest/kernel/vmlinuz')))
    return 'the guests’ kernel is missing: run "make setup" on amd64';
  const qemu = spawnSync('qemu-system-x86_64', ['--version'], { stdio: 'ignore' });
  return qemu.status === 0 ? undefined : 'qemu-system-x86_64 is missing: run "make setup"';
}

/** To be called first in a file that needs guests: skips it, or goes on in a namespace with the bridge br0. */
export function prepareHost(): void {
  const missing = missingGuests();
  if (missing !== undefined) skipFile(missing);
  inPrivateNamespace();
  makeBridge();
}

/** br0, which keeps its address whichever ports it gets. */
export function makeBridge(): void {
  sh('ip link add br0 address 02:00:00:00:00:01 type bridge; ip address add 10.0.0.1/24 dev br0; ip link set br0 up');
}

/** Anyone may use lan, four ports each. */
export const openPolicy = brokerConfig({ broker: { 'socket-mode': '0666' }, rule: { 'max-ports': 4 } });

export class Host {
  readonly daemon: Daemon;
  /** Where every user may run it. */
  readonly helper: string;
  readonly #test: Lifetime;

  private constructor(t: Lifetime, config: string) {
    this.#test = t;
    this.daemon = new Daemon(t, config);
    this.helper = join(this.daemon.folder, 'fdbroker-helper');
    copyFileSync(inProject('build/fdbroker-helper'), this.helper);
    chmodSync(this.helper, 0o755);
  }

  /** The broker serves when this resolves; it ends with the test. */
  static async start(t: Lifetime, config = openPolicy): Promise<Host> {
    const host = new Host(t, config);
    await host.startBroker();
    return host;
  }

  /** The first time, and after it was killed. It does not outlive this process. */
  startBroker(): Promise<void> {
    return this.daemon.start([], ['setpriv', '--pdeathsig', 'KILL']);
  }

  /** What -netdev is given to get a network by the helper. */
  netdev(network = 'lan'): string {
    return `tap,helper=${this.helper},br=${network}`;
  }

  /** A guest that knows the broker and ends with the test; with one NIC on lan unless the options say otherwise. */
  async guest(options: GuestOptions = {}): Promise<Guest> {
    const guest = await Guest.start({
      nics: [{ netdev: this.netdev() }],
      environment: { FDBROKER_SOCKET: this.daemon.socket },
      ...options,
    });
    this.#test.teardown(() => guest.kill());
    return guest;
  }

  /** What the guest's QEMU said when it did not start. */
  async refusal(options: GuestOptions): Promise<string> {
    return this.guest(options).then(
      () => 'it started',
      (error: Error) => error.message,
    );
  }

  /** As root sees them. */
  async ports(): Promise<readonly PortListing[]> {
    return dataOf(await ask(this.daemon.socket, { verb: 'ports' })) as unknown as PortListing[];
  }

  /** The ports that a process holds. */
  async portsOf(pid: number): Promise<readonly PortListing[]> {
    return (await this.ports()).filter(({ holder }) => holder === pid);
  }

  /** Waits until an audit line has all these fields. */
  async audited(fields: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const fits = (line: Record<string, unknown>) => Object.entries(fields).every(([key, value]) => line[key] === value);
    await until(() => this.daemon.audited().some(fits));
    return this.daemon.audited().find(fits) as Record<string, unknown>;
  }
}
