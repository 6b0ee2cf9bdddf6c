import t from 'tap';
import { decodeMessage, encodeMessage, maxMessage } from '../../src/protocol/message.js';

const decodedTo = (text: string | Uint8Array) =>
  decodeMessage(Buffer.from(text)).match(
    (fields) => Object.fromEntries(fields),
    (error) => error.what,
  );

t.test('fields come back as they went out, in their order', async (t) => {
  const fields = [
    ['verb', 'open'],
    ['a', ''],
    ['k'.repeat(32), 'x=y=z'],
    ['text', 'é \u{1f600} "quoted" \\n'],
    ['to-string', ' leading and trailing '],
  ] as const;
  t.same([...decodeMessage(encodeMessage(fields))._unsafeUnwrap()], fields);
  t.same([...decodeMessage(encodeMessage([]))._unsafeUnwrap()], []);
});

t.test('no value makes a line of its own', async (t) => {
  for (const control of ['\n', '\r', '\0', '\t', '\u001b', '\u007f', '\u0085', '\u009f', '\u2028', '\u2029']) {
    const bytes = encodeMessage([['message', `a${control}status=ok${control}`]]);
    t.same(decodedTo(bytes), { message: 'a status=ok ' }, `U+${control.charCodeAt(0).toString(16)}`);
  }
});

t.test('a message has at most 65,536 bytes', async (t) => {
  const frame = 'fdbroker 1\na=\n'.length;
  t.equal(decodeMessage(encodeMessage([['a', 'x'.repeat(maxMessage - frame)]])).isOk(), true);
  t.match(decodedTo(encodeMessage([['a', 'x'.repeat(maxMessage - frame + 1)]])), /over 65536 bytes/);
});

t.test('a message has at most 32 keys', async (t) => {
  const text = (count: number) =>
    `fdbroker 1\n${Array.from({ length: count }, (_, at) => `${'k'.repeat(at + 1)}=\n`).join('')}`;
  t.equal(decodeMessage(Buffer.from(text(32)))._unsafeUnwrap().size, 32);
  t.match(decodedTo(text(33)), /over 32 lines/);
  t.match(decodedTo(`fdbroker 1\n${'\n'.repeat(60_000)}`), /over 32 lines/);
});

t.test('what an error shows of a line is short and in one line', async (t) => {
  const long = decodedTo(`fdbroker 1\n${'x'.repeat(10_000)}\n`);
  t.match(long, /^line 2 is "x{40}…"; every line is key=value$/);
  for (const control of ['\u001b', '\u007f', '\u009b', '\u2028']) {
    t.match(decodedTo(`${control}\n`), /^the first line is "[!-~]+"; this broker speaks "fdbroker 1"$/);
  }
});

t.test('keys that objects have are ordinary keys', async (t) => {
  const fields = decodeMessage(Buffer.from('fdbroker 1\nconstructor=1\n'))._unsafeUnwrap();
  t.same([...fields], [['constructor', '1']]);
  t.match(decodedTo('fdbroker 1\n__proto__=1\n'), /every line is key=value/);
});
