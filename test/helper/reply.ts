/** The helper's parser of replies and the broker's own make the same of the same bytes. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { decodeReply } from '../../src/protocol/reply.js';
import { compile, sanitizers } from '../support/helper-stage.js';
import { damage, fixture, index } from '../support/messages.js';
import { randomNumbers } from '../support/random.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = temporaryFolder(t);
const sources = ['test/helper/decode-replies.c', 'helper/message.c'];
const program = compile(`${folder}/decode-replies`, sources, sanitizers(folder));

/** One line for each message, by the C code. */
function decodeInC(messages: readonly Uint8Array[]): string[] {
  const input = messages.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  const output = execFileSync(program, { input: Buffer.concat(input), maxBuffer: 1 << 28, encoding: 'utf8' });
  return output.slice(0, -1).split('\n');
}

/** The same by the TypeScript code; every error is one word, as the two say it differently. */
function decodeInTypeScript(bytes: Uint8Array): string {
  return decodeReply(bytes).match(
    (reply) => (reply.status === 'ok' ? 'ok' : `${reply.status}: ${reply.message}`),
    () => 'malformed',
  );
}

t.test('the fixtures', async (t) => {
  const good = Object.entries(index.replies);
  const lines = decodeInC(good.map(([name]) => fixture('replies', name)));
  for (const [position, [name, reply]] of good.entries()) {
    t.equal(lines[position], reply.status === 'ok' ? 'ok' : `${reply.status}: ${reply.message}`, name);
  }
  const bad = index['bad-replies'];
  const complaints = decodeInC(bad.map((name) => fixture('bad-replies', name)));
  for (const [position, name] of bad.entries()) t.match(complaints[position], /^malformed: [ -~]+$/, name);
});

t.test('100,000 damaged replies', async (t) => {
  const random = randomNumbers(4);
  const originals = Object.keys(index.replies).map((name) => fixture('replies', name));
  const messages = Array.from({ length: 100_000 }, () => {
    return damage(originals[random(originals.length)] ?? Buffer.alloc(0), random);
  });
  const lines = decodeInC(messages).map((line) => line.replace(/^malformed: .*$/, 'malformed'));
  const different = messages.filter((bytes, position) => decodeInTypeScript(bytes) !== lines[position]);
  t.same(different.map(String).slice(0, 5), []);
  const malformed = lines.filter((line) => line === 'malformed').length;
  t.ok(malformed > 50_000 && malformed < 99_000, `${malformed} of them are malformed`);
});
