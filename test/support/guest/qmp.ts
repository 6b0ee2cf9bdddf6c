/** QEMU's control protocol, as far as tests need it: commands one after the other (docs/interop/qmp-spec). */
import type { Duplex } from 'node:stream';

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

export class Qmp {
  readonly #stream: Duplex;
  #rest = '';
  readonly #waiting: { done: (value: unknown) => void; fail: (error: Error) => void }[] = [];

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    stream.on('error', () => {});
    stream.on('close', () => {
      for (const { fail } of this.#waiting.splice(0)) fail(new Error('QEMU has ended'));
    });
    this.execute('qmp_capabilities').catch(() => {});
  }

  /** Rejects with QEMU's own words. */
  execute(command: string, options: Record<string, unknown> = {}): Promise<unknown> {
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: options })}\n`);
    });
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines.filter((each) => each.trim() !== '')) this.#answer(JSON.parse(line));
  }

  /** The greeting and events are answers to nothing. */
  #answer(answer: Answer): void {
    if (!('return' in answer) && answer.error === undefined) return;
    const waiting = this.#waiting.shift();
    if (answer.error === undefined) waiting?.done(answer.return);
    else waiting?.fail(new Error(answer.error.desc));
  }
}
