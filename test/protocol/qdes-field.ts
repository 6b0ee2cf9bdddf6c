import t from 'tap';
import { lineOf } from '../../src/core/qdes-line.js';
import { decodeLine, encodeLine } from '../../src/protocol/qdes-field.js';
import { qdesNetwork } from '../support/socket-networks.js';

t.test('there and back', async (t) => {
  const { group: _, ...ungrouped } = qdesNetwork({
    peers: ['2001:db8::7', '::1'],
    encapsulation: 'vxlan',
    id: 0xffffff,
  });
  for (const network of [qdesNetwork(), qdesNetwork({ peers: ['192.0.2.8'] }), ungrouped]) {
    const line = lineOf(network, '4/7755/2');
    t.same(decodeLine(encodeLine(line)), line);
  }
  t.equal(encodeLine(lineOf(qdesNetwork({ peers: ['192.0.2.8'] }), 's')), 's 4242 qdes 7755 239.1.2.3 192.0.2.8');
});

t.test('what is none', async (t) => {
  const good = 's 4242 qdes 7755 239.1.2.3 192.0.2.8';
  t.ok(decodeLine(good));
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
    t.equal(decodeLine(good.replace(from, to)), undefined, to);
  }
  t.equal(decodeLine(''), undefined);
});
