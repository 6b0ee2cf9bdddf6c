/** A real guest: QEMU with Debian's kernel and busybox, in which a test runs commands. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { type CommandResult, GuestConsole } from './guest/console.js';
import type { ArchiveEntry } from './guest/cpio.js';
import { baseEntries, openInitramfs } from './guest/initramfs.js';
import { inherited, type Nic, qemuCommand, type User } from './guest/qemu-command.js';
import { Qmp } from './guest/qmp.js';
import { inProject } from './project.js';

export interface GuestOptions {
  /** eth0, eth1 … in this order. */
  readonly nics?: readonly Nic[];
  /** Who runs QEMU, without any capability; left out: as this process, with what it may. */
  readonly user?: User;
  readonly environment?: NodeJS.ProcessEnv;
  /** What starts QEMU: a command whose last arguments are QEMU's own command. */
  readonly launcher?: readonly string[];
  /** Further arguments of QEMU. */
  readonly extra?: readonly string[];
  /** Descriptors that QEMU inherits, as number `inherited.first` and those after it. They stay the caller's. */
  readonly fds?: readonly number[];
  /** MiB */
  readonly memory?: number;
  /** Kernel modules to load besides the usual ones. */
  readonly modules?: readonly string[];
  /** Folder of the checkout with another kernel and its modules. */
  readonly kernel?: string;
  /** More files for the guest. */
  readonly files?: readonly ArchiveEntry[];
}

const usualKernel = 'build/guest/kernel';

/** A start takes a second with KVM and three without; a machine under load takes many. */
const secondsToStart = 180;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Guest implements AsyncDisposable {
  readonly qmp: Qmp;
  /** Exit status or signal, and all that QEMU wrote to standard error. */
  readonly ended: Promise<{ readonly status: number | string; readonly stderr: string }>;
  readonly #child: ChildProcess;
  readonly #console: GuestConsole;

  private constructor(options: GuestOptions) {
    const mark = randomUUID();
    const { nics = [], memory = 128, extra = [], launcher = [], user, kernel: folder = usualKernel } = options;
    const [program, ...args] = qemuCommand({ mark, nics, memory, extra, launcher, user }) as [string, ...string[]];
    const kernel = openSync(inProject(`${folder}/vmlinuz`), 'r');
    const initramfs = openInitramfs([...baseEntries(options.modules ?? [], folder), ...(options.files ?? [])]);
    const stdio: ('pipe' | number)[] = ['pipe', 'pipe', 'pipe'];
    stdio[inherited.kernel] = kernel;
    stdio[inherited.initramfs] = initramfs;
    stdio[inherited.qmp] = 'pipe';
    for (const [index, fd] of (options.fds ?? []).entries()) stdio[inherited.first + index] = fd;
    const child = spawn(program, args, { stdio, env: { ...process.env, ...options.environment } });
    closeSync(kernel);
    closeSync(initramfs);
    running.add(child);
    this.#child = child;
    const [stdin, stdout, stderr] = [child.stdin, child.stdout, child.stderr];
    if (stdin === null || stdout === null || stderr === null) throw new Error('spawn made no pipes');
    this.#console = new GuestConsole(stdout, stdin, mark);
    this.qmp = new Qmp(child.stdio[inherited.qmp] as Duplex);
    let said = '';
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    this.ended = new Promise((resolve) => {
      const end = (status: number | string) => {
        running.delete(child);
        this.#console.end(`QEMU ended (${status}): ${said.trim()}`);
        resolve({ status, stderr: said });
      };
      child.once('error', (error) => end(error.message));
      child.once('close', (status, signal) => end(status ?? signal ?? ''));
    });
  }

  /** Resolves when the guest takes commands; rejects with QEMU's words when it ends before. */
  static async start(options: GuestOptions = {}): Promise<Guest> {
    const guest = new Guest(options);
    try {
      await guest.#console.ready(secondsToStart);
      return guest;
    } catch (error) {
      await guest.kill();
      throw error;
    }
  }

  /** Process number of QEMU. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Runs a shell command in the guest, whatever its exit status. */
  run(command: string, seconds?: number): Promise<CommandResult> {
    return this.#console.run(command, seconds);
  }

  /** As run, for a command that must work: resolves with its output. */
  async must(command: string, seconds?: number): Promise<string> {
    const { status, output } = await this.run(command, seconds);
    if (status !== 0) throw new Error(`${command}: exit status ${status}: ${output}`);
    return output;
  }

  /** Brings an interface up with an address. @param address with the length of its prefix. */
  async configure(address: string, nic = 'eth0'): Promise<void> {
    await this.must(`ip address add ${address} dev ${nic} && ip link set ${nic} up`);
  }

  /** How many of `count` echo requests, five a second, were answered. */
  async ping(target: string, count = 3): Promise<number> {
    const { output } = await this.run(`ping -c ${count} -i 0.2 -W 2 ${target}`, count + 60);
    return Number(/(\d+) packets received/.exec(output)?.[1] ?? 0);
  }

  /** kill -9, at whatever the guest is. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** The orderly end, by QEMU's monitor. */
  async quit(): Promise<void> {
    await this.qmp.execute('quit');
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
