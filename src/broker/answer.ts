/** From the bytes of a request to its answer: decodes it, and gives it to the verb. */
import type { Credentials } from '../core/credentials.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { maxMessage } from '../protocol/message.js';
import type { Reply } from '../protocol/reply.js';
import { decodeRequest } from '../protocol/request.js';
import { auditCaller } from './audit.js';
import type { Broker } from './broker.js';
import type { Endings } from './endings.js';
import { capture, type Shown, showSwitch } from './inspect.js';
import { listNetworks, listPorts, status } from './listings.js';
import { release, reload } from './orders.js';
import { type Granted, type Send, serveOpen } from './session.js';

/** The grant whose descriptor was sent, or how many descriptors without one; undefined: the answer was sent and that was all. */
export type Answered = Granted | Shown;

/**
 * Answers one request.
 *
 * @param carried the first descriptor that came with it; the caller closes it, and may at once.
 * @param connection what it came by; the caller closes it.
 * @returns a promise where the answer takes time.
 */
export function answer(
  broker: Broker,
  caller: Credentials,
  message: { readonly bytes: Uint8Array; readonly truncated: boolean },
  carried: OwnedFd | undefined,
  send: Send,
  endings: Endings,
  connection: OwnedFd,
): Answered | Promise<Answered> {
  const decoded = message.truncated
    ? { what: `the message has over ${maxMessage} bytes, or carries more descriptors than can be taken` }
    : decodeRequest(message.bytes).match(
        (request) => request,
        (error) => error,
      );
  if (!('verb' in decoded)) {
    broker.count('invalid');
    broker.audit.write({ event: 'invalid', ...auditCaller(caller), reason: decoded.what });
    void send(
      { status: 'invalid', message: `bad request: ${decoded.what}; docs/protocol.md has the format` },
      [],
    ).isOk();
    return undefined;
  }
  switch (decoded.verb) {
    case 'open':
      return serveOpen(broker, caller, decoded, carried, send, connection);
    case 'release':
      return release(broker, endings, caller, decoded.grant).then((reply) => {
        void send(reply, []).isOk();
        return undefined;
      });
    case 'switch':
      return showSwitch(broker, caller, decoded.addresses, send);
    case 'capture':
      return capture(broker, caller, decoded, send);
    default:
      // A client that is gone misses a listing
      void send(say(broker, caller, decoded), []).isOk();
      return undefined;
  }
}

function say(
  broker: Broker,
  caller: Credentials,
  request: { readonly verb: 'networks' | 'ports' | 'status' | 'reload'; readonly after?: string },
): Reply {
  switch (request.verb) {
    case 'networks':
      return listNetworks(broker, caller, request.after);
    case 'ports':
      return listPorts(broker, caller, request.after);
    case 'status':
      return status(broker, caller);
    case 'reload':
      return reload(broker, caller);
  }
}
