import t from 'tap';
import type { Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import { formatPortLabel, type PortLabel, parsePortLabel } from '../../src/core/port-label.js';
import { mac, name } from '../support/policy.js';

const grant: Grant = {
  ...{ id: parseGrantId('1a2b3c4d')._unsafeUnwrap(), uid: 1000, gid: 100, network: name('lab'), form: 'dgram' },
  ...{ mac: mac('52:54:00:12:34:56'), holder: 4242, since: 1_000_000 },
};

t.test('there and back', async (t) => {
  const network = name('lab');
  const labels: PortLabel[] = [
    { network, guest: { grant, mtu: 1500 } },
    { network, own: { role: 'uplink', on: '' } },
    { network, own: { role: 'uplink', on: '7' } },
    { network, own: { role: 'uplink', on: '7 192.0.2.1' } },
    { network, own: { role: 'host', on: 'lab0' } },
    { network, own: { role: 'host', on: '7 1500' } },
  ];
  for (const label of labels) t.same(parsePortLabel(formatPortLabel(label)), label);
  t.same(parsePortLabel('lab'), { network, own: { role: 'uplink', on: '' } }, 'of an earlier version');
});

t.test('what is none', async (t) => {
  const good = formatPortLabel({ network: name('lab'), guest: { grant, mtu: 1500 } });
  for (const text of ['', 'a/b', 'two words', good.slice(5), good.slice(0, 40), `x${good}`]) {
    t.equal(parsePortLabel(text), undefined, text);
  }
});
