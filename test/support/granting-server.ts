/** A broker for commands that become programs: it grants each network that is asked for, with one end of a pair of sockets. */
import { socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { ScriptedServer } from './scripted-server.js';
import type { Lifetime } from './until.js';

/** @returns the path of its control socket. */
export function startGrantingServer(t: Lifetime): string {
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  const server = new ScriptedServer(({ request, ok, send }) => {
    if (request.verb !== 'open') return ok({ data: '[]' });
    const { network, form } = request;
    const granted = { grant: '1a2b3c4d', network, form, mac: '52:54:00:00:00:01', mtu: '1500' };
    send(encodeReply(okReply(granted)), [one.fd]);
  }).start();
  t.teardown(() => {
    server[Symbol.dispose]();
    for (const end of [one, other]) end.close();
  });
  return server.path;
}
