/** What the broker answers (docs/protocol.md). */
import { err, ok, type Result } from 'neverthrow';
import { decodeMessage, encodeMessage, type Fields, type ProtocolError, protocolError } from './message.js';

/** Why a request was not carried out; docs/protocol.md has the table. */
export const failures = ['denied', 'refused', 'invalid', 'failed', 'busy'] as const;
export type Failure = (typeof failures)[number];

export type Reply =
  | { readonly status: 'ok'; readonly fields: Fields }
  /** `message`: one sentence for a person. `data`: a JSON array of lines that say more, where there is more to say. */
  | { readonly status: Failure; readonly message: string; readonly data?: string };

export function okReply(fields: Readonly<Record<string, string>>): Reply {
  return { status: 'ok', fields: new Map(Object.entries(fields)) };
}

export function encodeReply(reply: Reply): Buffer {
  return reply.status === 'ok'
    ? encodeMessage([['status', 'ok'], ...reply.fields])
    : encodeMessage([
        ['status', reply.status],
        ['message', reply.message],
        ...(reply.data === undefined ? [] : ([['data', reply.data]] as const)),
      ]);
}

export function decodeReply(bytes: Uint8Array): Result<Reply, ProtocolError> {
  return decodeMessage(bytes).andThen((fields): Result<Reply, ProtocolError> => {
    const status = fields.get('status');
    if (status === 'ok') return ok({ status, fields: new Map([...fields].filter(([key]) => key !== 'status')) });
    const failure = failures.find((name) => name === status);
    const message = fields.get('message');
    if (failure === undefined || message === undefined) {
      return err(protocolError('the reply has no status that this version knows, or no message'));
    }
    const data = fields.get('data');
    return ok({ status: failure, message, ...(data === undefined ? {} : { data }) });
  });
}
