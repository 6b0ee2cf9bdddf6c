/** The serial line of a guest: what it says, and commands run in it one after the other (see init.sh). */
import { createHash } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';

/** How many times as long as elsewhere everything may take: a guest that is emulated in an emulated guest is slow. */
const patience = Number(process.env['FDBROKER_TEST_PATIENCE'] ?? 1);

export interface CommandResult {
  readonly status: number;
  /** Standard output and error as they came, without line feeds at the end. */
  readonly output: string;
}

interface Wait {
  readonly end: RegExp;
  readonly done: (match: RegExpExecArray) => void;
  readonly fail: (error: Error) => void;
}

export class GuestConsole {
  /** All that came and was not yet taken as a command's output. */
  #text = '';
  #wait: Wait | undefined;
  #ended: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #input: Writable;
  readonly #mark: string;

  /** @param mark the guest's own word, that begins each line of init.sh itself. */
  constructor(output: Readable, input: Writable, mark: string) {
    this.#input = input;
    this.#mark = mark;
    output.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
      this.#look();
    });
    // A guest that is gone is told by its exit, with more to say.
    input.on('error', () => {});
  }

  /** Resolves when init waits for commands. */
  async ready(seconds: number): Promise<void> {
    await this.#until(/ ready\n/, 'start', seconds);
  }

  /** Resolves with what the command did, whatever its exit status. */
  run(command: string, seconds = 60): Promise<CommandResult> {
    const result = this.#queue.then(async () => {
      const line = `${Buffer.from(command).toString('base64')}\n`;
      for (;;) {
        this.#input.write(`${createHash('md5').update(line).digest('hex')} ${line}`);
        const { before, match } = await this.#until(/ (again|\d+)\n/, command, seconds);
        if (match[1] !== 'again') return { status: Number(match[1]), output: before.replace(/\n+$/, '') };
      }
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  /** The guest is gone: who waits for it fails. */
  end(reason: string): void {
    this.#ended = reason;
    this.#wait?.fail(new Error(`${reason}${this.#saying()}`));
  }

  async #until(tail: RegExp, what: string, seconds: number): Promise<{ before: string; match: RegExpExecArray }> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const match = await new Promise<RegExpExecArray>((done, fail) => {
        const limit = seconds * patience;
        const late = () => fail(new Error(`no end of this in ${limit} s: ${what}${this.#saying()}`));
        timer = setTimeout(late, limit * 1000);
        this.#wait = { end: new RegExp(`${this.#mark}${tail.source}`), done, fail };
        if (this.#ended !== undefined) fail(new Error(this.#ended));
        this.#look();
      });
      const before = this.#text.slice(0, match.index);
      this.#text = this.#text.slice(match.index + match[0].length);
      return { before, match };
    } finally {
      clearTimeout(timer);
      this.#wait = undefined;
    }
  }

  #look(): void {
    const match = this.#wait?.end.exec(this.#text);
    if (match) this.#wait?.done(match);
  }

  #saying(): string {
    const said = this.#text.trim();
    return said === '' ? '' : `; the guest said:\n${said.slice(-4000)}`;
  }
}
