import t from 'tap';
import { nearest, suggestion } from '../../src/config/nearest.js';

const keys = ['type', 'bridge', 'mtu', 'vlan', 'isolated', 'lock-mac', 'hairpin', 'max-ports', 'max-queues'];

t.test('near names are found', async (t) => {
  const table: [string, string | undefined][] = [
    ['brigde', 'bridge'],
    ['Bridge', 'bridge'],
    ['lock_mac', 'lock-mac'],
    ['lockmac', 'lock-mac'],
    ['isolate', 'isolated'],
    ['max-port', 'max-ports'],
    ['maxports', 'max-ports'],
    ['mut', 'mtu'],
    ['mt', 'mtu'],
    ['vlans', 'vlan'],
    ['speed', undefined],
    ['ab', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['x'.repeat(100_000), undefined],
  ];
  for (const [word, expected] of table) t.equal(nearest(word, keys), expected, word.slice(0, 20));
  t.equal(nearest('lan', ['lan1', 'lan2']), 'lan1', 'of equals the first');
  t.equal(nearest('x', []), undefined);
});

t.test('the end of a sentence', async (t) => {
  t.equal(suggestion('mut', keys), '; did you mean mtu?');
  t.equal(suggestion('speed', keys), '');
});
