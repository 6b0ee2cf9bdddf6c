/** Where captured frames go: a file of the user's alone, or standard output. It gets whole blocks, however the capture ends. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { err, ok, type Result } from 'neverthrow';
import { BlockReader, blockTypes, readLost } from '../protocol/pcapng.js';

/** Gives its descriptor away. */
interface Source {
  release(): number;
}

export interface CaptureSummary {
  readonly frames: number;
  /** Frames for which there was no room on their way. */
  readonly lost: number;
}

export interface CaptureFailure {
  readonly message: string;
  /** The switch would not. */
  readonly refused: boolean;
}

const standardOutput = 1;
/** Milliseconds until standard output is tried again that takes no more now. */
const pause = 20;

export class CaptureFile {
  readonly #blocks = new BlockReader();
  readonly #lost = new Map<number, number>();
  #frames = 0;
  #begun = false;

  private constructor(
    private readonly fd: number,
    private readonly name: string,
  ) {}

  /** @param path `-`: standard output. One that is there is emptied. The error is a sentence. */
  static open(path: string): Result<CaptureFile, string> {
    if (path !== '-') {
      try {
        return ok(new CaptureFile(openSync(path, 'w', 0o600), path));
      } catch (error) {
        return err(`cannot write to ${path}: ${(error as NodeJS.ErrnoException).code}`);
      }
    }
    if (!isatty(standardOutput)) return ok(new CaptureFile(standardOutput, 'standard output'));
    return err('frames are no text: send standard output to a file or a program, as "| tcpdump -r -"');
  }

  /**
   * Takes what comes until its end, or until `stop`.
   *
   * @param begun called once, when frames are taken from then on.
   */
  async fill(source: Source, stop: AbortSignal, begun: () => void): Promise<Result<CaptureSummary, CaptureFailure>> {
    const stream = new Socket({ fd: source.release(), readable: true, writable: false });
    const end = () => stream.destroy();
    stop.addEventListener('abort', end);
    try {
      if (!stop.aborted) for await (const part of stream) if (!(await this.#take(part, begun))) break;
      return ok(this.#summary());
    } catch (error) {
      if (error instanceof NotTaken) return err({ message: error.message, refused: error.refused });
      if (!stop.aborted) throw error;
      return ok(this.#summary());
    } finally {
      stop.removeEventListener('abort', end);
      stream.destroy();
      if (this.fd !== standardOutput) closeSync(this.fd);
    }
  }

  #summary(): CaptureSummary {
    const lost = [...this.#lost.values()].reduce((sum, frames) => sum + frames, 0);
    return { frames: this.#frames, lost };
  }

  /** @returns false: whoever reads has had enough. */
  async #take(bytes: Buffer, begun: () => void): Promise<boolean> {
    const blocks = this.#blocks.push(bytes);
    if (blocks === undefined) throw new NotTaken(refusalIn(bytes), true);
    // The switch writes nothing before
    if (blocks.length > 0 && !this.#begun) begun();
    this.#begun ||= blocks.length > 0;
    for (const block of blocks) this.#count(block);
    return blocks.length === 0 || this.#write(Buffer.concat(blocks));
  }

  #count(block: Buffer): void {
    const type = block.readUInt32LE(0);
    if (type === blockTypes.packet) this.#frames += 1;
    if (type !== blockTypes.statistics) return;
    const lost = readLost(block);
    if (lost !== undefined) this.#lost.set(lost.interfaceId, lost.frames);
  }

  async #write(bytes: Buffer): Promise<boolean> {
    let left = bytes;
    while (left.length > 0) {
      try {
        left = left.subarray(writeSync(this.fd, left));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') return false;
        if (code !== 'EAGAIN') throw new NotTaken(`cannot write to ${this.name}: ${code}`, false);
        await delay(pause);
      }
    }
    return true;
  }
}

class NotTaken extends Error {
  constructor(
    message: string,
    readonly refused: boolean,
  ) {
    super(message);
  }
}

/** What the switch says instead of frames: a line that it writes at once. */
function refusalIn(bytes: Buffer): string {
  try {
    const { message } = JSON.parse(bytes.toString());
    if (typeof message === 'string') return message;
  } catch {
    // It is no line either
  }
  return 'what the switch sends is no capture; are broker and switch of another version?';
}
