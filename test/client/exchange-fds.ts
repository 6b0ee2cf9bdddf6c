/** One message there and one back with descriptors: what a broker can do well, badly, late, or not at all. */
import t from 'tap';
import { describeClientError } from '../../src/client/error.js';
import { exchangeFds } from '../../src/client/exchange-fds.js';
import { connectSeqpacket, send, socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply } from '../../src/protocol/reply.js';
import { encodeRequest } from '../../src/protocol/request.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { type Script, ScriptedServer } from '../support/scripted-server.js';

const message = encodeRequest({ verb: 'status' });
const ask = (path: string, seconds = 5, carried: readonly number[] = []) =>
  exchangeFds(path, message, carried, performance.now() + seconds * 1000, seconds);

t.test('descriptors go and come', async (t) => {
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  let came = 0;
  using server = new ScriptedServer(({ fds, send }) => {
    came = fds.length;
    send('yes', [one.fd, other.fd]);
  }).start();
  const { bytes, fds } = (await ask(server.path, 5, [one.fd]))._unsafeUnwrap();
  t.equal(Buffer.from(bytes).toString(), 'yes');
  t.equal(came, 1);
  t.equal(fds.length, 2);
  for (const fd of [one, other, ...fds]) fd.close();
});

const bad: [what: string, script: Script, words: RegExp][] = [
  ['closes without an answer', ({ close }) => close(), /closed the connection without an answer/],
  ['sends an empty message', ({ send }) => send(''), /without an answer/],
  ['says nothing', () => {}, /has not answered for 0\.2 s/],
  ['sends too much', ({ send }) => send(Buffer.alloc(65_537, 'x')), /makes no sense: it is too long/],
];
for (const [what, script, words] of bad) {
  t.test(`a broker that ${what}`, async (t) => {
    using server = new ScriptedServer(script).start();
    t.match(describeClientError((await ask(server.path, 0.2))._unsafeUnwrapErr()), words);
  });
}

t.test('busy is heard, no broker is told, a full backlog is waited for, and only so long', async (t) => {
  const busy = encodeReply({ status: 'busy', message: 'too many' });
  using hasty = new ScriptedServer(() => {}, { greet: (fd) => send(fd, busy, [])._unsafeUnwrap() }).start();
  t.same((await ask(hasty.path))._unsafeUnwrap().bytes, busy);
  t.match((await ask(`${hasty.path}-none`))._unsafeUnwrapErr(), { tag: 'no-broker', reason: 'missing' });

  using full = new ScriptedServer(({ send }) => send('yes'), { backlog: 0 });
  const waiting = connectSeqpacket(full.path)._unsafeUnwrap();
  t.match((await ask(full.path, 0.1))._unsafeUnwrapErr(), { tag: 'timeout', stage: 'connect' });
  const patient = ask(full.path);
  await new Promise((resolve) => setTimeout(resolve, 60));
  full.start();
  t.ok((await patient).isOk());
  waiting.close();
});

t.test('nothing is left open', async (t) => {
  using server = new ScriptedServer(({ send, close }) => {
    send('yes');
    close();
  }).start();
  // libuv keeps one descriptor from the first pipe on
  t.ok((await ask(`${server.path}-none`)).isErr());
  const before = openFds();
  for (let round = 0; round < 10; round++) t.ok((await ask(server.path)).isOk());
  await untilOpenFds(before);
});
