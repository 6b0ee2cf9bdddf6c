/** What a client makes of a broker that is there and answers: well, badly, late, or not at all. */
import { readdirSync } from 'node:fs';
import t from 'tap';
import { call } from '../../src/client/call.js';
import { type ClientError, describeClientError } from '../../src/client/error.js';
import { connectSeqpacket, send, socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply } from '../../src/protocol/reply.js';
import { until } from '../support/daemon.js';
import { type Script, ScriptedServer } from '../support/scripted-server.js';

/** Long enough for any answer that comes, short enough to wait for one that does not. */
const short = { timeout: 0.3 };

t.test('one request and one reply over a connection of its own', async (t) => {
  using server = new ScriptedServer(({ ok, close }) => {
    ok({ data: '{"x":"ü"}' });
    close();
  }).start();
  for (let round = 0; round < 3; round++) {
    const reply = await call(server.path, { verb: 'status' });
    t.same(reply._unsafeUnwrap(), { status: 'ok', fields: new Map([['data', '{"x":"ü"}']]) });
  }
  t.same(server.requests, Array(3).fill('fdbroker 1\nverb=status\n'));
});

t.test('calls at once do not mix', async (t) => {
  using server = new ScriptedServer(({ request, ok }) => {
    ok({ data: request.verb === 'networks' ? (request.after ?? '') : '' });
  }).start();
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
  const replies = await Promise.all(names.map((after) => call(server.path, { verb: 'networks', after })));
  t.same(
    replies.map((reply) => reply.map((got) => (got.status === 'ok' ? got.fields.get('data') : got))._unsafeUnwrap()),
    names,
  );
});

t.test('a no is an answer', async (t) => {
  using server = new ScriptedServer(({ send }) => send(encodeReply({ status: 'refused', message: 'not so' }))).start();
  t.same((await call(server.path, { verb: 'reload' }))._unsafeUnwrap(), { status: 'refused', message: 'not so' });
});

t.test('busy is heard also when the broker reads nothing', async (t) => {
  const busy = encodeReply({ status: 'busy', message: 'too many' });
  using server = new ScriptedServer(() => {}, { greet: (fd) => send(fd, busy, [])._unsafeUnwrap() }).start();
  t.same((await call(server.path, { verb: 'status' }))._unsafeUnwrap(), { status: 'busy', message: 'too many' });
});

t.test('descriptors that nobody asked for are not taken', async (t) => {
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  let passed: number[] = [];
  using server = new ScriptedServer(({ send, close }) => {
    send('fdbroker 1\nstatus=ok\n', passed);
    close();
  }).start();
  t.ok((await call(server.path, { verb: 'status' })).isOk());
  const before = openDescriptors();
  passed = [one.fd, other.fd];
  t.ok((await call(server.path, { verb: 'status' })).isOk());
  await until(() => openDescriptors() <= before);
  one.close();
  other.close();
});

const bad: [what: string, script: Script, tag: ClientError['tag'], words: RegExp][] = [
  ['closes without an answer', ({ close }) => close(), 'closed', /closed the connection without an answer/],
  ['sends an empty message', ({ send }) => send(''), 'closed', /without an answer/],
  ['says nothing', () => {}, 'timeout', /has not answered for 0\.3 s/],
  ['sends half a reply', ({ send }) => send('fdbroker 1\nstatus=o'), 'garbage', /does not end with a line feed/],
  ['sends noise', ({ send }) => send(Uint8Array.of(0xff, 0xfe, 0, 10)), 'garbage', /not UTF-8/],
  ['speaks another version', ({ send }) => send('fdbroker 2\nstatus=ok\n'), 'garbage', /first line is "fdbroker 2"/],
  ['sends no status', ({ send }) => send('fdbroker 1\n'), 'garbage', /no status/],
  ['sends a status of the future', ({ send }) => send('fdbroker 1\nstatus=maybe\nmessage=x\n'), 'garbage', /no status/],
  ['sends a byte too much', ({ send }) => send(Buffer.alloc(65_537, 'x')), 'garbage', /over 65536 bytes/],
];

for (const [what, script, tag, words] of bad) {
  t.test(`a broker that ${what}`, async (t) => {
    using server = new ScriptedServer(script).start();
    const error = (await call(server.path, { verb: 'status' }, short))._unsafeUnwrapErr();
    t.equal(error.tag, tag);
    t.match(describeClientError(error), words);
  });
}

t.test('a broker that hangs up on everybody', async (t) => {
  using server = new ScriptedServer(() => {}, { greet: () => {} }).start();
  t.equal((await call(server.path, { verb: 'status' }))._unsafeUnwrapErr().tag, 'closed');
});

t.test('a second message is not waited for', async (t) => {
  using server = new ScriptedServer(({ send, close }) => {
    send('fdbroker 1\nstatus=ok\n');
    send('noise');
    close();
  }).start();
  t.ok((await call(server.path, { verb: 'status' })).isOk());
});

t.test('a full backlog is waited for, and only so long', async (t) => {
  using server = new ScriptedServer(({ ok }) => ok({}), { backlog: 0 });
  const waiting = connectSeqpacket(server.path)._unsafeUnwrap();
  const error = (await call(server.path, { verb: 'status' }, short))._unsafeUnwrapErr();
  t.match(error, { tag: 'timeout', stage: 'connect' });
  t.match(describeClientError(error), /has accepted no connection for 0\.3 s/);
  const patient = call(server.path, { verb: 'status' });
  await new Promise((resolve) => setTimeout(resolve, 60));
  server.start();
  t.ok((await patient).isOk(), 'it is served when the broker goes on');
  waiting.close();
});

t.test('nothing is left open', async (t) => {
  using server = new ScriptedServer(({ request, ok, close }) => (request.verb === 'status' ? ok({}) : close())).start();
  t.ok((await call(server.path, { verb: 'status' })).isOk());
  // libuv keeps one descriptor from the first pipe on
  t.ok((await call(`${server.path}-none`, { verb: 'status' })).isErr());
  const before = openDescriptors();
  for (let round = 0; round < 20; round++) {
    t.ok((await call(server.path, { verb: 'reload' })).isErr());
    t.ok((await call(`${server.path}-none`, { verb: 'status' })).isErr());
  }
  // Handles of Node close in a later turn
  await until(() => openDescriptors() <= before);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
