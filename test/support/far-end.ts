/** Another host for tests: a network namespace that wires lead to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { sh } from './namespace.js';
import { type Lifetime, until } from './until.js';

export class FarEnd {
  readonly #child: ChildProcess;

  private constructor(t: Lifetime) {
    const command = ['-n', 'setpriv', '--pdeathsig', 'KILL', 'sleep', 'infinity'];
    this.#child = spawn('unshare', command, { stdio: 'ignore' });
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  /** It ends with the test, and with it the wires. */
  static async make(t: Lifetime): Promise<FarEnd> {
    const far = new FarEnd(t);
    await until(() => readlinkSync(far.#namespace) !== readlinkSync('/proc/self/ns/net'));
    far.run('ip link set lo up');
    return far;
  }

  /**
   * A wire that is up, `name` at this end and `name-far` at the other. Neither end says anything of itself.
   *
   * @param number the addresses are 10.N.0.1 here and 10.N.0.2 there, fd00:N::1 and fe80::1, fd00:N::2 and fe80::2.
   */
  addWire(name: string, number: number): void {
    const up = (end: string, host: number) =>
      [
        `ip link set ${end} addrgenmode none up`,
        `ip address add 10.${number}.0.${host}/24 dev ${end}`,
        `ip address add fd00:${number}::${host}/64 dev ${end} nodad`,
        `ip address add fe80::${host}/64 dev ${end} nodad`,
      ].join('\n');
    sh(`ip link add ${name} type veth peer name ${name}-far; ip link set ${name}-far netns ${this.#child.pid}`);
    sh(up(name, 1));
    this.run(up(`${name}-far`, 2));
  }

  /** A shell command in there; see sh. */
  run(command: string): string {
    return sh(`${this.enter.join(' ')} sh -ec '${command}'`);
  }

  /** What stands before a command that is to run in there. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=${this.#namespace}`];
  }

  get #namespace(): string {
    return `/proc/${this.#child.pid}/ns/net`;
  }
}
