/** A real broker and switch with two multicast networks and one on a bridge, and guests' ends; everybody may capture `lab`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Form } from '../../src/core/form.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { BlockReader, blockTypes } from '../../src/protocol/pcapng.js';
import { ask } from './ask.js';
import { Daemon } from './daemon.js';
import { program } from './fdbroker.js';
import { sh } from './namespace.js';
import { name } from './policy.js';
import { type Lifetime, until } from './until.js';

const network = (named: string, group: string) =>
  `[network ${named}]\ntype = multicast\ngroup = ${group}\nport = 5000\ninterface = here\nloop = yes\n`;
const rule = (named: string, networks: readonly string[], more = '') =>
  `[rule ${named}]\neffect = allow\nuser[] = *\n${networks.map((one) => `network[] = ${one}\n`).join('')}${more}`;

const config =
  `${network('lab', '239.1.2.3')}${network('other', '239.1.2.4')}[network lan]\ntype = bridge\nbridge = br0\n` +
  `${rule('all', ['lab', 'other', 'lan'])}${rule('seeing', ['lab', 'lan'], 'capture = yes\n')}`;

export interface StageGuest {
  readonly fd: OwnedFd;
  readonly grant: string;
}

export class SwitchStage {
  readonly daemon: Daemon;
  readonly env: NodeJS.ProcessEnv;

  private constructor(private readonly test: Lifetime) {
    this.daemon = new Daemon(test, config);
    this.env = { FDBROKER_SOCKET: this.daemon.socket };
  }

  /** In the namespace that the process is in. */
  static async start(t: Lifetime): Promise<SwitchStage> {
    sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
    sh('ip address add 192.0.2.1/24 dev here');
    const stage = new SwitchStage(t);
    await stage.daemon.start();
    return stage;
  }

  async guest(of = 'lab', form: Form = 'dgram'): Promise<StageGuest> {
    const request = { verb: 'open', network: name(of), form, vnetHdr: false } as const;
    const { reply, fds } = await ask(this.daemon.socket, request);
    const [fd] = fds;
    if (reply?.status !== 'ok' || fd === undefined) throw new Error(JSON.stringify(reply));
    this.test.teardown(() => fd.close());
    return { fd, grant: reply.fields.get('grant') ?? '' };
  }

  /** Runs `fdbroker capture` in a process of its own; resolves when it has begun. */
  async capturing(...args: readonly string[]) {
    const child = spawn(process.execPath, [program, 'capture', ...args], { env: { ...process.env, ...this.env } });
    this.test.teardown(() => child.kill('SIGKILL'));
    const ended = once(child, 'close').then(([status]) => status as number);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until(() => said.includes('fdbroker: capturing network '));
    return { child, ended, words: ended.then(() => said) };
  }
}

export function say({ fd }: StageGuest, bytes: Uint8Array): void {
  send(fd.fd, bytes, [])._unsafeUnwrap();
}

/** Reads what is there. */
export function drain({ fd }: StageGuest): void {
  while (receive(fd.fd, 0)._unsafeUnwrap().tag === 'message');
}

/** Waits for as many frames. */
export async function hearAll({ fd }: StageGuest, frames: number): Promise<void> {
  for (let heard = 0; heard < frames; ) {
    if (receive(fd.fd, 0)._unsafeUnwrap().tag === 'message') heard += 1;
    else await delay(1);
  }
}

/** How many blocks a file of frames has of each kind. */
export function blocksOf(bytes: Buffer): { packets: number; interfaces: number; statistics: number } {
  const types = (new BlockReader().push(bytes) ?? []).map((block) => block.readUInt32LE(0));
  const count = (type: number) => types.filter((one) => one === type).length;
  return {
    packets: count(blockTypes.packet),
    interfaces: count(blockTypes.interface),
    statistics: count(blockTypes.statistics),
  };
}
