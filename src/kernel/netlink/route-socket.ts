/**
 * Requests to rtnetlink(7) and their answers. The kernel works on a request inside sendto(2), so the answer is there
 * when it returns and nothing here waits. A dump is made piece by piece as it is read.
 */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { SysError } from '../../core/sys-error.js';
import { ownFd } from '../close.js';
import { check, sysError } from '../errno.js';
import { native } from '../native.js';
import type { OwnedFd } from '../owned-fd.js';
import { type Answer, readAnswers, readErrno, readExplanation } from './answers.js';
import { align, NetlinkBytes } from './bytes.js';
import { Message } from './message.js';

const { NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR } = native.constants;

/** How often a dump is asked for again that changed while it was read. */
const attempts = 8;
/** Takes every datagram of a dump, and every single link but for one with hundreds of virtual functions. */
const firstRoom = 1 << 16;
/** An acknowledgement with the kernel's words. */
const acknowledgementRoom = 1024;

/** Reads an answer. It must not keep `memory`, which is used again. */
export type Reader<T> = (memory: NetlinkBytes, answer: Answer) => T;

/** How asking ended: well, or to be repeated because the answer changed meanwhile, or needs more room. */
type Round = 'done' | 'interrupted' | { readonly needed: number };

export class RouteSocket implements Disposable {
  /** Where the next request is built. */
  readonly message = new Message();
  readonly #fd: OwnedFd;
  #received: NetlinkBytes;
  #sequence = 0;

  private constructor(fd: OwnedFd, room: number) {
    this.#fd = fd;
    this.#received = new NetlinkBytes(room);
  }

  /** @param room bytes for a datagram, at first: it grows with what comes. */
  static open(room = firstRoom): Result<RouteSocket, SysError> {
    return check('socket (NETLINK_ROUTE)', native.netlinkOpen(0)).map((fd) => new RouteSocket(ownFd(fd), room));
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }

  /** Sends a change, which asks for NLM_F_ACK. @param call names it in errors. */
  change(call: string): Result<void, SysError> {
    return this.ask(call, () => undefined).map(() => undefined);
  }

  /** The same on the thread pool, for what takes long. The message can be used again at once. */
  async changeLater(call: string): Promise<Result<void, SysError>> {
    this.message.finish(1);
    const request = Uint8Array.prototype.slice.call(this.message.bytes, 0, this.message.size);
    const memory = new NetlinkBytes(acknowledgementRoom);
    const got = await native.netlinkExchange(request, memory.bytes);
    if (got < 0) return err(sysError(call, got));
    const [answer] = readAnswers(memory, Math.min(got, acknowledgementRoom));
    return answer === undefined ? err(sysError(call, -constants.errno.EBADMSG)) : readOutcome(call, memory, answer);
  }

  /** Sends a question that has one answer. */
  askOne<T>(call: string, read: Reader<T>): Result<T, SysError> {
    return this.ask(call, read).andThen(([value]) =>
      value === undefined ? err(sysError(call, -constants.errno.ENODATA)) : ok(value),
    );
  }

  /** Sends a question. @returns what `read` made of each answer. */
  ask<T>(call: string, read: Reader<T>): Result<T[], SysError> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const values: T[] = [];
      const round = this.#round(call, (answer) => values.push(read(this.#received, answer)));
      if (round.isErr()) return err(round.error);
      if (round.value === 'done') return ok(values);
      if (round.value !== 'interrupted') this.#received = new NetlinkBytes(align(round.value.needed));
    }
    return err(sysError(call, -constants.errno.EINTR, `the answer changed during each of ${attempts} attempts`));
  }

  #round(call: string, each: (answer: Answer) => void): Result<Round, SysError> {
    const sequence = (this.#sequence + 1) >>> 0;
    this.#sequence = sequence;
    this.message.finish(sequence);
    const sent = native.netlinkSend(this.#fd.fd, this.message.bytes, this.message.size);
    if (sent < 0) return err(sysError(call, sent));
    const memory = this.#received;
    const room = memory.bytes.length;
    let round: Round = 'done';
    for (;;) {
      const got = native.netlinkReceive(this.#fd.fd, memory.bytes);
      if (got < 0) {
        this.#drain();
        return err(sysError(call, got));
      }
      if (got > room) round = { needed: got };
      for (const answer of readAnswers(memory, Math.min(got, room))) {
        // What an earlier request that failed left behind.
        if (answer.sequence !== sequence) continue;
        if ((answer.flags & NLM_F_DUMP_INTR) !== 0 && round === 'done') round = 'interrupted';
        if (answer.type === NLMSG_ERROR || answer.type === NLMSG_DONE) {
          const final = round;
          return readOutcome(call, memory, answer).map(() => final);
        }
        if (got <= room) each(answer);
        if ((answer.flags & NLM_F_MULTI) === 0) return ok(round);
      }
    }
  }

  /** Reads a dump that failed to its end: until then the kernel begins no other. */
  #drain(): void {
    while (native.netlinkReceive(this.#fd.fd, this.#received.bytes) >= 0);
  }
}

/** Turns the error that says "there is none" into that answer. */
export function undefinedOn<T>(code: string, answer: Result<T, SysError>): Result<T | undefined, SysError> {
  return answer.isErr() && answer.error.code === code ? ok(undefined) : answer;
}

/**
 * Sends a change that keeps a link from making itself IPv6 addresses; without that where there is none to be kept from:
 * on a host or a link without IPv6 (ipv6.disable=1; an MTU below 1280).
 *
 * @param build makes the message, with that or without.
 */
export function changeWithoutIpv6(
  route: RouteSocket,
  call: string,
  build: (ipv6: boolean) => void,
): Result<void, SysError> {
  build(true);
  const changed = route.change(call);
  if (changed.isOk() || changed.error.code !== 'EAFNOSUPPORT') return changed;
  build(false);
  return route.change(call);
}

/** What an NLMSG_ERROR or NLMSG_DONE says; an acknowledgement is an error of 0. */
function readOutcome(call: string, memory: NetlinkBytes, answer: Answer): Result<void, SysError> {
  const errno = readErrno(memory, answer);
  return errno < 0 ? err(sysError(call, errno, readExplanation(memory, answer))) : ok();
}
