import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const section = (lines: string) => `[network lan]\ntype = macvtap\n${lines}\n`;

t.test('a parent and a mode, and what is not said', async (t) => {
  const origin = { file: 'a.ini', line: 1 };
  t.same(configOf(section('parent = eth1.7\nmode = vepa')).networks.get(name('lan')), {
    ...{ type: 'macvtap', name: 'lan', origin, parent: 'eth1.7', pool: false, mode: 'vepa', mtu: 'inherit' },
    vhost: 'auto',
  });
  for (const mode of ['vepa', 'bridge', 'private', 'passthru']) {
    const { networks } = configOf(section(`parent = eth1\nmode = ${mode}\nmtu = 1400\nvhost = no`));
    t.match(networks.get(name('lan')), { mode, mtu: 1400, vhost: 'no' });
  }
});

t.test('a pool of virtual functions', async (t) => {
  const pool = (lines: string) => configOf(section(`pool = eth1\nmode = passthru\n${lines}`)).networks.get(name('lan'));
  t.match(pool('vlan = 100'), { parent: 'eth1', pool: true, mode: 'passthru', vlan: 100 });
  t.notOk('vlan' in (pool('mtu = 1400') ?? {}));
});

t.test('what is refused', async (t) => {
  const table: [string, RegExp][] = [
    ['mode = vepa', /^a.ini:1: \[network lan\] has no parent; write parent = NAME/],
    ['parent = eth1', /^a.ini:1: \[network lan\] has no mode; write mode = vepa or bridge or private or passthru$/],
    ['parent = eth1\nmode = veb', /^a.ini:4: mode: "veb" is not allowed; allowed is vepa or bridge or private or pass/],
    ['parent = sixteen-bytes-xx\nmode = vepa', /^a.ini:3: parent: .* has 16 bytes/],
    ['parent = eth%d\nmode = vepa', /^a.ini:3: parent: .* is not an interface name/],
    ['parent = eth1\nmode = vepa\nmtu = 1', /^a.ini:5: mtu: /],
    ['parent = eth1\nmode = vepa\nlock-mac = yes', /^a.ini:5: lock-mac is not a key of \[network\]/],
    ['parent = eth1\nmode = passthru\npool = eth1', /^a.ini:1: \[network lan\] has both parent and pool; leave one/],
    ['pool = eth1\nmode = bridge', /^a.ini:3: pool gives each guest an interface for itself; write mode = passthru$/],
    ['pool = eth1\nmode = passthru\nvlan = 4095', /^a.ini:5: vlan: "4095" is not a number from 1 to 4094$/],
    ['parent = eth1\nmode = vepa\nvlan = 7', /^a.ini:5: vlan is for a pool; as parent name a VLAN/],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(section(lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
