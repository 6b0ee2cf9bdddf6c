/**
 * The keeper, as the broker uses it: it makes taps that reach nothing but our switch, in a network namespace of its own,
 * and keeps a copy of what the switch's ports are made of, for when broker and switch are killed together (decision 12).
 */
import { readFileSync } from 'node:fs';
import { err, ok, Result } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { sysError } from '../kernel/errno.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { KeeperAnswer } from '../protocol/keeper-order.js';
import { describeKeeperError } from './keeper-error.js';
import { KeeperLink } from './keeper-link.js';

/** Milliseconds that the keeper has for a tap. The kernel makes one at a time, whoever wants it. */
const patience = 5000;

/** What the guest gets, and what the switch gets. */
export type Ends = readonly [tap: OwnedFd, socket: OwnedFd];

interface Waiting {
  readonly settle: (made: Result<Ends, string>) => void;
  readonly timer: NodeJS.Timeout;
}

export class Keeper implements Disposable {
  readonly #link: KeeperLink;
  /** Whoever waits for a tap, in the order in which the keeper answers. */
  readonly #waiting: Waiting[] = [];

  /** @param path of its socket. */
  constructor(path: string) {
    this.#link = new KeeperLink(path, {
      answer: (answer, fds) => this.#take(answer, fds),
      lost: () => this.#lost(),
    });
  }

  /** @param mtu bytes without the Ethernet header. The error is a sentence. */
  openTap(mtu: number, vnetHdr: boolean): Promise<Result<Ends, string>> {
    const sent = this.#connect().andThen(() =>
      this.#link
        .send({ order: 'tap', mtu, vnetHdr }, [])
        .mapErr((error) => `the keeper cannot be told: ${describeSysError(error)}; try again`),
    );
    if (sent.isErr()) return Promise.resolve(err(sent.error));
    return new Promise((settle) => {
      const timer = setTimeout(() => {
        // What it answers later would be taken for the answer to another
        this.#link.leave();
        this.#lost();
      }, patience);
      this.#waiting.push({ settle, timer });
    });
  }

  /** It stays if it keeps something. @param last whether nothing is of use there any more. */
  leave(last: boolean): void {
    this.#link.leave();
    if (last) this.#link.removeSocket();
    this.#lost();
  }

  [Symbol.dispose](): void {
    this.#link[Symbol.dispose]();
    this.#lost();
  }

  #connect(): Result<void, string> {
    if (this.#link.find()) return ok();
    return this.#link.start().mapErr((error) => `the keeper cannot be started: ${describeSysError(error)}`);
  }

  #take(answer: KeeperAnswer, fds: readonly OwnedFd[]): void {
    const next = this.#waiting.shift();
    clearTimeout(next?.timer);
    const [tap, socket] = fds;
    if (answer.answer === 'tap' && next !== undefined && tap !== undefined && socket !== undefined) {
      next.settle(ok([tap, socket]));
      return;
    }
    for (const fd of fds) fd.close();
    if (answer.answer !== 'failed') next?.settle(err('the keeper is not understood; is it of the same version?'));
    else next?.settle(err(describeKeeperError(sysError(answer.call, -answer.errno), readSysctl)));
  }

  #lost(): void {
    for (const { settle, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      settle(err('the keeper has ended, or does not answer; try again'));
    }
  }
}

const readSetting = Result.fromThrowable((path: string) => readFileSync(`/proc/sys/${path}`, 'utf8').trim());

function readSysctl(path: string): string | undefined {
  return readSetting(path).unwrapOr(undefined);
}
