/** A call is what encodes, asks and decodes; what can happen on the way is in exchange.ts and diagnose.ts. */
import t from 'tap';
import { call } from '../../src/client/call.js';
import type { GrantId } from '../../src/core/names.js';
import { encodeReply } from '../../src/protocol/reply.js';
import { ScriptedServer } from '../support/scripted-server.js';

t.test('requests as the protocol writes them, replies as values', async (t) => {
  using server = new ScriptedServer(({ request, ok, send }) => {
    if (request.verb === 'reload') send(encodeReply({ status: 'failed', message: 'no' }));
    else ok({ verb: request.verb });
  }).start();
  const asked = [
    { verb: 'networks' },
    { verb: 'ports', after: '1a2b3c4d' },
    { verb: 'status' },
    { verb: 'release', grant: '1a2b3c4d' as GrantId },
  ] as const;
  for (const request of asked) {
    const reply = (await call(server.path, request))._unsafeUnwrap();
    t.same(reply, { status: 'ok', fields: new Map([['verb', request.verb]]) });
  }
  t.same((await call(server.path, { verb: 'reload' }))._unsafeUnwrap(), { status: 'failed', message: 'no' });
  t.same(server.requests, [
    'fdbroker 1\nverb=networks\n',
    'fdbroker 1\nverb=ports\nafter=1a2b3c4d\n',
    'fdbroker 1\nverb=status\n',
    'fdbroker 1\nverb=release\ngrant=1a2b3c4d\n',
    'fdbroker 1\nverb=reload\n',
  ]);
});

t.test('a path that cannot be is refused before anything is asked', async (t) => {
  t.match((await call('', { verb: 'status' }))._unsafeUnwrapErr(), { tag: 'bad-path' });
});
