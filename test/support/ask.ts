/** A client of the broker that can send anything, and be given descriptors. */
import { setTimeout as delay } from 'node:timers/promises';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { connectSeqpacket, receive, send } from '../../src/kernel/seqpacket.js';
import { decodeReply, type Reply } from '../../src/protocol/reply.js';
import { encodeRequest, type Request } from '../../src/protocol/request.js';
import { name } from './policy.js';

export interface Answer {
  /** undefined: the broker closed without a word. */
  readonly reply: Reply | undefined;
  /** The caller's to close. */
  readonly fds: readonly OwnedFd[];
}

export function connect(socket: string): OwnedFd {
  return connectSeqpacket(socket)._unsafeUnwrap();
}

/** Waits for one answer. */
export async function answerOn(connection: OwnedFd): Promise<Answer> {
  for (;;) {
    const received = receive(connection.fd, 4);
    if (received.isErr() || received.value.tag === 'end') return { reply: undefined, fds: [] };
    if (received.value.tag === 'message') {
      return { reply: decodeReply(received.value.bytes)._unsafeUnwrap(), fds: received.value.fds };
    }
    await delay(1);
  }
}

/** One request on a connection of its own. */
export async function ask(socket: string, what: Request | Uint8Array, fds: readonly number[] = []): Promise<Answer> {
  using connection = connect(socket);
  const bytes = what instanceof Uint8Array ? what : encodeRequest(what);
  // A broker that has closed already may have said why
  send(connection.fd, bytes, fds).unwrapOr(undefined);
  return await answerOn(connection);
}

export const openRequest = (network = 'lan'): Request => ({
  verb: 'open',
  network: name(network),
  form: 'tap',
  vnetHdr: true,
});

/** The rows or the object that a listing holds. */
export function dataOf({ reply }: Answer): Record<string, unknown>[] & Record<string, unknown> {
  if (reply?.status !== 'ok') throw new Error(`no listing: ${JSON.stringify(reply)}`);
  return JSON.parse(reply.fields.get('data') ?? 'null');
}
