/** What is measured: our switch, vde_switch, and a program that only moves frames, each with ports for the generator. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LinuxSockets } from '../../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../../src/kernel/owned-fd.js';
import type { Order, PlugOrder } from '../../../src/protocol/switch-order.js';
import { type BrokerEnd, SwitchProcess } from '../../support/switch-process.js';
import { built, sh } from '../commands.js';

/** As the broker makes them. */
const sendBuffer = 1 << 20;

const plug: Order & { order: 'plug' } = {
  ...{ order: 'plug', port: 0, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 1 << 20, maxFrame: 1518, addresses: [], label: '' },
};

export type Uplink = Pick<PlugOrder, 'port' | 'network' | 'kind' | 'line'>;

/** A switch with ports whose other ends are here. */
export interface Side extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** The guests' ends; undefined: the generator plugs itself in, in this folder. */
  readonly ends: readonly OwnedFd[] | string;
}

export function pair(): [OwnedFd, OwnedFd] {
  return new LinuxSockets().pair('seqpacket', sendBuffer)._unsafeUnwrap();
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** fdbroker-switchd as it is, with ports that are plugged as the broker does. */
export class OurSwitch implements Side {
  readonly name = 'fdbroker-switchd';
  readonly ends: OwnedFd[] = [];
  readonly #teardowns: (() => unknown)[] = [];
  readonly #process: SwitchProcess;
  readonly #broker: BrokerEnd;

  private constructor(options: readonly string[]) {
    const lifetime = { teardown: (end: () => unknown) => void this.#teardowns.push(end) };
    this.#process = new SwitchProcess(lifetime, [], options);
    this.#broker = this.#process.connect(lifetime);
  }

  /**
   * @param networks the ports are spread over, two to each in turn.
   * @param options of its command line.
   */
  static async start(ports: number, networks = 1, options: readonly string[] = []): Promise<OurSwitch> {
    const it = new OurSwitch(options);
    for (let port = 0; port < ports; port += 1) await it.#plug(port, (port >> 1) % networks);
    await it.#settled();
    return it;
  }

  get pid(): number {
    return this.#process.child.pid as number;
  }

  /** One more port of another kind. @param fds are closed. */
  async plugUplink(about: Uplink, fds: readonly OwnedFd[]): Promise<void> {
    this.#broker.order({ ...plug, ...about, uplink: true }, fds);
    for (const fd of fds) fd.close();
    await this.#settled();
  }

  async #plug(port: number, network: number): Promise<void> {
    const [ours, theirs] = pair();
    this.#broker.order({ ...plug, port, network }, [ours]);
    this.ends.push(theirs);
    ours.close();
    // As many orders as lie in a socket
    if (port % 50 === 49) await this.#settled();
  }

  /** All orders are carried out: one that cannot be is answered. */
  async #settled(): Promise<void> {
    this.#broker.order(plug);
    const { event, fds } = await this.#broker.event();
    for (const fd of fds) fd.close();
    if (event.event !== 'refused' || event.port !== 0) throw new Error(`fdbroker-switchd: ${JSON.stringify(event)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.ends) end.close();
    for (const teardown of this.#teardowns.reverse()) await teardown();
  }
}

/** switch-move.c: frames come by a port and go by its neighbour, in batches, unread. */
export class Limit implements Side {
  readonly name = 'limit in C';
  readonly ends: OwnedFd[] = [];
  readonly #child: ChildProcess;

  constructor(ports: number) {
    const theirs: OwnedFd[] = [];
    for (let port = 0; port < ports; port += 1) {
      const [one, other] = pair();
      theirs.push(one);
      this.ends.push(other);
    }
    const numbers = theirs.map(({ fd }) => fd);
    this.#child = spawn(built('bench-switch-move'), [String(ports)], {
      stdio: ['ignore', 'inherit', 'inherit', ...numbers],
    });
    for (const fd of theirs) fd.close();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.ends) end.close();
    await end(this.#child);
  }
}

export class VdeSwitch implements Side {
  readonly name = 'vde_switch';
  readonly ends: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, ports: number) {
    this.ends = folder;
    // It ends when its input does
    const args = ['-s', folder, '-n', String(4 * ports)];
    // Ports that have gone are not free at once; and it tells of each
    this.#child = spawn('vde_switch', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  }

  static isInstalled(): boolean {
    return spawnSync('vde_switch', ['--version']).status === 0;
  }

  /** @param folder for a folder of its own. */
  static async start(folder: string, ports: number): Promise<VdeSwitch> {
    const it = new VdeSwitch(mkdtempSync(`${folder}/vde-`), ports);
    while (!readFileSync('/proc/net/unix', 'utf8').includes(`${it.ends}/ctl`)) {
      if (it.#child.exitCode !== null) throw new Error('vde_switch did not start');
      await delay(10);
    }
    return it;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
    rmSync(this.ends, { recursive: true, force: true });
  }
}

/** Ten datagrams in a queue, as the kernel has it without systemd, would hold vde_switch up. */
function lengthenQueues(): void {
  const length = '/proc/sys/net/unix/max_dgram_qlen';
  // A user's own namespace may not have it
  if (existsSync(length)) sh(`echo 512 >${length} || true`);
}

/** All three with so many ports, for as long as the measuring lasts; vde_switch where it is installed. */
export async function withSides<T>(
  folder: string,
  ports: number,
  measure: (sides: readonly Side[]) => T | Promise<T>,
): Promise<T> {
  await using ours = await OurSwitch.start(ports);
  await using limit = new Limit(ports);
  if (!VdeSwitch.isInstalled()) return await measure([ours, limit]);
  lengthenQueues();
  await using vde = await VdeSwitch.start(folder, ports);
  return await measure([ours, limit, vde]);
}

export const withoutVde = 'vde_switch is not installed (Debian package vde2): without it';
