import t from 'tap';
import { lineOf } from '../../src/core/qdes-line.js';
import { decodeLine, lineFields } from '../../src/protocol/qdes-field.js';
import { qdesNetwork } from '../support/socket-networks.js';

t.test('there and back', async (t) => {
  const { group: _, ...ungrouped } = qdesNetwork({
    peers: ['2001:db8::7', '::1'],
    encapsulation: 'vxlan',
    id: 0xffffff,
  });
  for (const network of [qdesNetwork(), qdesNetwork({ peers: ['192.0.2.8'] }), ungrouped]) {
    const keys = network === ungrouped ? [] : [['0f'.repeat(32), '1e'.repeat(32)]];
    const line = lineOf(network, '4/7755/2', ...keys);
    const fields = new Map(lineFields(line));
    t.same(decodeLine(fields.get('qdes') ?? '', fields.get('qdes-keys') ?? ''), line);
  }
  t.same(lineFields(lineOf(qdesNetwork({ peers: ['192.0.2.8'] }), 's')), [
    ['qdes', 's 4242 qdes 7755 239.1.2.3 192.0.2.8'],
    ['qdes-keys', ''],
  ]);
});

t.test('what is none', async (t) => {
  const good = 's 4242 qdes 7755 239.1.2.3 192.0.2.8';
  t.ok(decodeLine(good, ''));
  t.equal(decodeLine(good, '0f'), undefined, 'a short key');
  for (const [from, to] of [
    ['4242', 'x'],
    ['4242', '-1'],
    ['qdes', 'geneve'],
    ['7755', ''],
    ['239.1.2.3', '192.0.2.1'],
    ['239.1.2.3', ''],
    ['192.0.2.8', 'host'],
    ['192.0.2.8', ''],
  ] as const) {
    t.equal(decodeLine(good.replace(from, to), ''), undefined, to);
  }
  t.equal(decodeLine('', ''), undefined);
});
