import t from 'tap';
import { decodeRequest, encodeRequest } from '../../src/protocol/request.js';
import { damage, fixture, index } from '../support/messages.js';
import { randomNumbers } from '../support/random.js';

t.test('the good requests, both ways', async (t) => {
  for (const [name, request] of Object.entries(index.requests)) {
    const bytes = fixture('requests', name);
    t.same(decodeRequest(bytes)._unsafeUnwrap(), request, name);
    t.equal(encodeRequest(request).toString(), bytes.toString(), `${name}, encoded`);
  }
});

t.test('the bad requests, each with its own sentence', async (t) => {
  for (const [name, what] of Object.entries(index['bad-requests'])) {
    const result = decodeRequest(fixture('bad-requests', name));
    t.equal(result.isErr() ? result.error.tag : 'decoded', 'protocol', name);
    const sentence = result.isErr() ? result.error.what : '';
    t.ok(sentence.includes(what), `${name}: ${JSON.stringify(sentence)} tells of ${JSON.stringify(what)}`);
  }
});

t.test('the order of the lines does not matter', async (t) => {
  const bytes = Buffer.from('fdbroker 1\nmac=52:54:00:AB:cd:EF\nvnet-hdr=no\nform=tap\nnetwork=lan\nverb=open\n');
  const request = { verb: 'open', network: 'lan', form: 'tap', vnetHdr: false, mac: '52:54:00:ab:cd:ef' };
  t.same(decodeRequest(bytes)._unsafeUnwrap(), request);
});

t.test('100,000 damaged requests are refused in a sentence, or are requests that can be sent', async (t) => {
  const random = randomNumbers(1);
  const originals = Object.keys(index.requests).map((name) => fixture('requests', name));
  let refused = 0;
  let wrong = 0;
  for (let round = 0; round < 100_000; round++) {
    const bytes = damage(originals[round % originals.length] ?? Buffer.alloc(0), random);
    const result = decodeRequest(bytes);
    if (result.isErr()) {
      refused++;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      if (!/^[^\u0000-\u001f\u007f-\u009f]{10,200}$/.test(result.error.what)) wrong++;
    } else {
      const again = decodeRequest(encodeRequest(result.value));
      if (again.isErr() || JSON.stringify(again.value) !== JSON.stringify(result.value)) wrong++;
    }
  }
  t.equal(wrong, 0);
  t.ok(refused > 50_000 && refused < 100_000, `${refused} refused`);
});
