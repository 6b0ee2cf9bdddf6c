/** One request, one reply, one connection. */
import { err, type Result } from 'neverthrow';
import { decodeReply, type Reply } from '../protocol/reply.js';
import { encodeRequest, type Request } from '../protocol/request.js';
import { refusePath } from './diagnose.js';
import type { ClientError } from './error.js';

/** Every verb without descriptors; the others are for programs that can receive one, as fdbroker-helper. */
export type PlainRequest = Exclude<Request, { readonly verb: 'open' | 'switch' | 'capture' }>;

export interface CallOptions {
  /** Seconds for the whole of it; 10 when left out. */
  readonly timeout?: number;
}

export const defaultTimeout = 10;

/** How bytes go to the broker and back; `until` is in milliseconds of performance.now(). */
export type Exchange = (
  path: string,
  message: Buffer,
  until: number,
  seconds: number,
) => Promise<Result<Uint8Array, ClientError>>;

/** node-unix-socket, loaded when it is used: it takes 20 ms. */
const plainExchange: Exchange = async (...asked) => (await import('./exchange.js')).exchange(...asked);

/**
 * Asks the broker at `socketPath`. Never throws and never rejects. A reply that says no is still an answer: it comes
 * as the Reply it is.
 */
export async function call(
  socketPath: string,
  request: PlainRequest,
  options: CallOptions = {},
  exchange: Exchange = plainExchange,
): Promise<Result<Reply, ClientError>> {
  const seconds = options.timeout ?? defaultTimeout;
  const bad = refusePath(socketPath);
  if (bad !== undefined) return err(bad);
  const answer = await exchange(socketPath, encodeRequest(request), performance.now() + seconds * 1000, seconds);
  return answer.andThen((bytes) =>
    decodeReply(bytes).mapErr(({ what }): ClientError => ({ tag: 'garbage', socket: socketPath, what })),
  );
}
