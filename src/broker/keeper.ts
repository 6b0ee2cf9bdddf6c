/**
 * The keeper, as the broker uses it: it makes taps that reach nothing but our switch, in a network namespace of its own,
 * and keeps a copy of what the switch's ports are made of, for when broker and switch are killed together (decision 12).
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { err, ok, Result } from 'neverthrow';
import { describeSysError, type SysError } from '../core/sys-error.js';
import { sysError } from '../kernel/errno.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { KeeperAnswer } from '../protocol/keeper-order.js';
import { complain } from './complain.js';
import { Custody, type Keepsakes } from './custody.js';
import { describeKeeperError } from './keeper-error.js';
import { KeeperLink } from './keeper-link.js';
import type { Found } from './switch-link.js';

/** Milliseconds that the keeper has for a tap. The kernel makes one at a time, whoever wants it. */
const patience = 5000;
/** Milliseconds before a keeper that has ended gets a successor for what it kept; longer for each that does not last. */
const pause = 1000;
const longestPause = 60_000;
/** Milliseconds before a keeper is told more that has no room for it now. */
const busy = 100;

/** What the guest gets, and what the switch gets. */
export type Ends = readonly [tap: OwnedFd, socket: OwnedFd];

interface Waiting {
  readonly settle: (made: Result<Ends, string> | Promise<Result<Ends, string>>) => void;
  /** Orders it once more, from another keeper; undefined: that was so. */
  readonly again: (() => Promise<Result<Ends, string>>) | undefined;
  readonly timer: NodeJS.Timeout;
}

export class Keeper implements Disposable {
  readonly #link: KeeperLink;
  readonly #custody: Custody;
  /** Whoever waits for a tap, in the order in which the keeper answers. */
  readonly #waiting: Waiting[] = [];
  #tried = Number.NEGATIVE_INFINITY;
  #pause = pause;
  #later: NodeJS.Timeout | undefined;

  /** @param path of its socket. */
  constructor(path: string) {
    this.#link = new KeeperLink(path, {
      answer: (answer, fds) => this.#take(answer, fds),
      lost: () => this.#lost(),
    });
    this.#custody = new Custody(this.#link);
  }

  /** @param mtu bytes without the Ethernet header. The error is a sentence. */
  openTap(mtu: number, vnetHdr: boolean): Promise<Result<Ends, string>> {
    return this.#order(mtu, vnetHdr, () => this.#order(mtu, vnetHdr, undefined));
  }

  #order(mtu: number, vnetHdr: boolean, again: Waiting['again']): Promise<Result<Ends, string>> {
    const order = { order: 'tap', mtu, vnetHdr } as const;
    const send = () => this.#connect().andThen(() => this.#link.send(order, []).mapErr(describeSendError));
    // One that has just ended is told only so
    const sent = send().orElse(() => {
      this.#link.leave();
      this.#lost();
      return send();
    });
    if (sent.isErr()) return Promise.resolve(err(sent.error));
    return new Promise((settle) => {
      const timer = setTimeout(() => {
        // What it answers later would be taken for the answer to another
        settle(err('the keeper does not answer; try again'));
        this.#link.leave();
        this.#lost();
      }, patience);
      this.#waiting.push({ settle, again, timer });
    });
  }

  /** @param ports what there is to be kept, now and later. */
  follow(ports: Keepsakes): void {
    this.#custody.follow(ports);
  }

  /** The port has come or gone. Without a keeper one is started; where that fails, nothing is kept for now. */
  changed(port: number): void {
    this.#custody.changed(port);
    this.#keepUp();
  }

  /** What a keeper that runs has been given to keep. Its descriptors are the caller's. To be called before all else. */
  list(): Found[] {
    return this.#link.find() ? this.#custody.list() : [];
  }

  /** It stays if it keeps something. @param last whether nothing is of use there any more. */
  leave(last: boolean): void {
    this.#link.leave();
    if (last) this.#link.removeSocket();
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#later);
    this.#custody[Symbol.dispose]();
    this.#link[Symbol.dispose]();
    for (const { settle, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      settle(err('the broker ends'));
    }
  }

  #connect(): Result<void, string> {
    if (this.#link.connected) return ok();
    if (!this.#link.find()) {
      this.#tried = performance.now();
      const started = this.#link.start();
      if (started.isErr()) return err(`the keeper cannot be started: ${describeSysError(started.error)}`);
    }
    // Whatever it has been told before, by whomever
    this.#custody.everything();
    return ok();
  }

  #keepUp(): void {
    clearTimeout(this.#later);
    if (!this.#custody.wanting) return;
    const wait = this.#link.connected ? 0 : this.#pause - (performance.now() - this.#tried);
    if (wait > 0) {
      this.#later = setTimeout(() => this.#keepUp(), wait).unref();
      return;
    }
    const connected = this.#connect();
    if (connected.isErr()) complain(`${connected.error}; broker and switch are not to be killed together`);
    else if (!this.#custody.tell()) this.#later = setTimeout(() => this.#keepUp(), busy).unref();
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
    const lasted = performance.now() - this.#tried;
    this.#pause = lasted > this.#pause ? pause : Math.min(2 * this.#pause, longestPause);
    for (const { settle, again, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      settle(again?.() ?? err('the keeper has ended; try again'));
    }
    this.#custody.everything();
    this.#keepUp();
  }
}

function describeSendError(error: SysError): string {
  return `the keeper cannot be told: ${describeSysError(error)}; try again`;
}

const readSetting = Result.fromThrowable((path: string) => readFileSync(`/proc/sys/${path}`, 'utf8').trim());

function readSysctl(path: string): string | undefined {
  return readSetting(path).unwrapOr(undefined);
}
