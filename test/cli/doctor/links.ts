/** What ip(8) prints, and what is no such thing. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { parseLinks, readLinks } from '../../../src/cli/doctor/links.js';
import { linuxHost } from '../../../src/cli/doctor/linux-host.js';
import { fakeHost } from '../../support/fake-host.js';

const link = { ifindex: 2, ifname: 'br0', flags: ['UP', 'NO-CARRIER'], mtu: 1500, address: '52:54:00:00:00:01' };
const info = { info_kind: 'bridge', info_data: { vlan_filtering: 1 } };

t.test('parse', async (t) => {
  t.same(parseLinks(JSON.stringify([{ ...link, linkinfo: info, master: 'bond0' }])), [
    {
      ...{ index: 2, name: 'br0', up: true, carrier: false, mtu: 1500, address: '52:54:00:00:00:01' },
      ...{ kind: 'bridge', master: 'bond0', bridge: { vlan_filtering: 1 } },
    },
  ]);
  t.match(parseLinks(JSON.stringify([{ ...link, flags: null, address: 7, linkinfo: [] }])), [
    { up: false, carrier: true, address: '', kind: undefined, master: undefined, bridge: {} },
  ]);
  t.same(parseLinks(JSON.stringify([{ ...link, linkinfo: { ...info, info_kind: 'vlan' } }]))?.[0]?.bridge, {});
  t.same(parseLinks('[null, 3, {}, {"ifindex": 1}]'), [], 'what is no link');
  for (const text of ['', '{}', 'null', '[']) t.equal(parseLinks(text), undefined, text);
});

t.test('read', async (t) => {
  const line = '/usr/bin/ip -json -details link show';
  t.match(readLinks(fakeHost({ programs: { [line]: JSON.stringify([link]) } })), [{ name: 'br0' }]);
  t.equal(readLinks(fakeHost({ programs: { [line]: 'fails' } })), undefined);
  t.equal(readLinks(fakeHost()), undefined, 'no ip');
  const skip = spawnSync('ip', ['-V']).status === 0 ? false : 'ip is missing: apt-get install iproute2';
  t.test('of the real one', { skip }, async (t) => {
    t.match(readLinks(linuxHost(process.env))?.[0], { index: 1, name: 'lo', mtu: Number });
  });
});
