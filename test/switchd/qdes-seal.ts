import { randomBytes } from 'node:crypto';
import t from 'tap';
import { type Opened, Seal, Session, sealSize } from '../../src/switchd/qdes-seal.js';

const header = 8;
const body = Buffer.from('what nobody else may read');

function sealed(seal: Seal, text: Uint8Array = body): Buffer {
  const out = Buffer.alloc(3 + header + sealSize + text.length);
  out.set([0x10, 1, 0x10, 0x92, 1, 2, 3, 4], 3);
  seal.seal(text, out, 3);
  return out;
}

const open = (seal: Seal, message: Buffer) => seal.open(message, 3, message.length - 3 - header);

t.test('what is sealed is opened by who has the key, and read by nobody else', async (t) => {
  const [key, next] = [randomBytes(32), randomBytes(32)];
  const sender = new Seal([key]);
  const message = sealed(sender);
  t.notOk(message.includes(body));
  t.equal(open(new Seal([next]), Buffer.from(message)), undefined, 'with another key');
  for (const keys of [[key], [next, key]]) {
    const copy = Buffer.from(message);
    t.match(open(new Seal(keys), copy), { fresh: true });
    t.same(copy.subarray(3 + header + sealSize), body);
  }
  t.match(open(new Seal([key]), sealed(sender, Buffer.alloc(0))), { fresh: true }, 'nothing, sealed');
});

t.test('each datagram of a session has its number before the tag', async (t) => {
  const sender = new Seal([randomBytes(32)]);
  const at = 3 + header + 8;
  const messages = Array.from({ length: 300 }, () => sealed(sender));
  t.same(
    messages.map((message) => message.readBigUInt64BE(at)),
    messages.map((_, i) => BigInt(i + 1)),
  );
});

t.test('whatever byte is changed, it is not opened', async (t) => {
  const key = randomBytes(32);
  const message = sealed(new Seal([key]));
  const receiver = new Seal([key]);
  for (let i = 3; i < message.length; i += 1) {
    const forged = Buffer.from(message);
    forged[i] = (forged[i] as number) ^ (1 << (i % 8));
    const before = Buffer.from(forged);
    t.equal(open(receiver, forged), undefined, `byte ${i}`);
    t.same(forged, before);
  }
  for (let length = 0; length < message.length - 3 - header; length += 1) {
    t.equal(receiver.open(Buffer.from(message), 3, length), undefined);
  }
  t.match(open(receiver, message), { fresh: true });
});

t.test('a message passes once', async (t) => {
  const key = randomBytes(32);
  const [sender, receiver] = [new Seal([key]), new Seal([key])];
  const [early, message, answer] = [sealed(sender), sealed(sender), sealed(sender)];
  t.match(open(receiver, Buffer.from(message)), { fresh: true, counter: 2, session: { peer: -1 } });
  t.match(open(receiver, Buffer.from(message)), { fresh: false }, 'of one who has not answered');
  const { session, counter } = open(receiver, Buffer.from(answer)) as Opened;
  receiver.prove(session, 7, counter);
  t.match(open(receiver, Buffer.from(message)), { fresh: false, session: { peer: 7 } }, 'and of one who has');
  t.match(open(receiver, Buffer.from(early)), { fresh: false }, 'nor what is older than the answer');
  t.match(open(receiver, sealed(sender)), { fresh: true });
  receiver.prove(session, 8, 4);
  t.match(open(receiver, Buffer.from(message)), { fresh: false, session: { peer: 8 } }, 'nor from elsewhere');

  const after = new Seal([key]);
  const again = open(receiver, sealed(after)) as Opened;
  receiver.prove(again.session, 8, again.counter);
  t.match(open(receiver, Buffer.from(answer)), { session: { peer: -1 } }, 'a session ends with the next of its peer');
  receiver.forget((peer) => peer !== 8);
  t.match(open(receiver, sealed(after)), { session: { peer: -1 } }, 'and with the peer');
});

t.test('numbers may be overtaken by a thousand, and pass once', async (t) => {
  const session = new Session('', undefined as never);
  t.ok(session.take(1));
  t.ok(session.take(1000));
  for (let i = 2; i < 1000; i += 1) t.ok(session.take(i));
  for (let i = 1; i <= 1000; i += 1) t.notOk(session.take(i));
  t.ok(session.take(5000));
  t.notOk(session.take(5000 - 1024), 'too late to tell');
  t.ok(session.take(5000 - 1023));
  t.notOk(session.take(5000 - 1023));
  t.ok(session.take(2 ** 53));
});
