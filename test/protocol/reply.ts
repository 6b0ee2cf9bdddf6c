import t from 'tap';
import { decodeReply, encodeReply, failures, okReply } from '../../src/protocol/reply.js';
import { damage, fixture, index } from '../support/messages.js';
import { randomNumbers } from '../support/random.js';

t.test('the good replies', async (t) => {
  for (const [name, expected] of Object.entries(index.replies)) {
    const reply = decodeReply(fixture('replies', name))._unsafeUnwrap();
    const plain = reply.status === 'ok' ? { status: 'ok', fields: Object.fromEntries(reply.fields) } : reply;
    t.same(plain, expected, name);
    t.same(decodeReply(encodeReply(reply))._unsafeUnwrap(), reply, `${name}, encoded and decoded again`);
  }
});

t.test('the bad replies', async (t) => {
  for (const name of index['bad-replies']) {
    const result = decodeReply(fixture('bad-replies', name));
    t.equal(result.isErr() ? result.error.tag : 'decoded', 'protocol', name);
  }
});

t.test('a reply to open, byte by byte', async (t) => {
  const { opened } = index.replies;
  const reply = okReply(opened?.status === 'ok' ? opened.fields : {});
  t.equal(encodeReply(reply).toString(), fixture('replies', 'opened').toString());
});

t.test('every failure', async (t) => {
  for (const status of failures) {
    const reply = { status, message: 'the bridge "br0" is not there; ip link add br0 type bridge' };
    t.same(decodeReply(encodeReply(reply))._unsafeUnwrap(), reply);
    const longer = { ...reply, data: '["a.ini:3: what"]' };
    t.same(decodeReply(encodeReply(longer))._unsafeUnwrap(), longer);
  }
});

t.test('100,000 damaged replies never throw', async (t) => {
  const random = randomNumbers(2);
  const originals = Object.keys(index.replies).map((name) => fixture('replies', name));
  let decoded = 0;
  let wrong = 0;
  for (let round = 0; round < 100_000; round++) {
    const result = decodeReply(damage(originals[round % originals.length] ?? Buffer.alloc(0), random));
    if (result.isErr()) continue;
    decoded++;
    const again = decodeReply(encodeReply(result.value));
    if (again.isErr() || again.value.status !== result.value.status) wrong++;
  }
  t.equal(wrong, 0);
  t.ok(decoded > 1000 && decoded < 50_000, `${decoded} decoded`);
});
