/** A broker to be measured, with its configuration in a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connectSeqpacket } from '../../src/kernel/seqpacket.js';
import { built, untilQuiet } from './commands.js';

interface Setting {
  readonly environment?: NodeJS.ProcessEnv;
  /** Further sections of its configuration. */
  readonly sections?: string;
}

/** Everyone may have br0; the other rules are of other users on networks of their own. */
function configuration(folder: string, rules: number, sections: string): string {
  const networks = Array.from({ length: 10 }, (_, index) => `[network other${index}]\ntype = bridge\nbridge = br0\n`);
  const others = Array.from({ length: rules - 1 }, (_, index) => {
    const effect = index % 10 === 0 ? 'deny' : 'allow';
    return `[rule other${index}]\neffect = ${effect}\nuser[] = ${20_000 + index}\nnetwork[] = other${index % 10}\n`;
  });
  return `[broker]
audit-file = ${folder}/audit
max-connections = 1024
[network br0]
type = bridge
bridge = br0
[rule all]
effect = allow
user[] = *
network[] = br0
${networks.join('')}${others.join('')}${sections}`;
}

export class BrokerProcess implements AsyncDisposable {
  readonly socket: string;
  /** The helper and its arguments, but for --fd. */
  readonly helper: readonly string[];
  readonly #child: ChildProcess;

  private constructor(folder: string, rules: number, { environment = {}, sections = '' }: Setting) {
    mkdirSync(`${folder}/etc`, { recursive: true, mode: 0o755 });
    this.socket = `${folder}/control`;
    this.helper = [built('fdbroker-helper'), '--use-vnet', '--br=br0', `--socket=${this.socket}`];
    const config = `${folder}/etc/fdbroker.ini`;
    writeFileSync(config, configuration(folder, rules, sections), { mode: 0o644 });
    const args = ['--config', config, '--socket', this.socket];
    const env = { ...process.env, ...environment };
    this.#child = spawn(built('fdbrokerd'), args, { stdio: ['ignore', 'inherit', 'inherit'], env });
  }

  static async start(folder: string, rules: number, setting: Setting = {}): Promise<BrokerProcess> {
    const broker = new BrokerProcess(folder, rules, setting);
    for (;;) {
      const connection = connectSeqpacket(broker.socket);
      if (connection.isOk()) {
        connection.value.close();
        break;
      }
      if (broker.#child.exitCode !== null) throw new Error('fdbrokerd did not start');
      await delay(20);
    }
    await untilQuiet(broker.pid);
    return broker;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on('close', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
