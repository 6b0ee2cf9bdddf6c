import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const section = (lines: string) => `[network lan]\ntype = packet\n${lines}\n`;

t.test('an interface, and the bare socket only where that is said', async (t) => {
  const origin = { file: 'a.ini', line: 1 };
  const least = {
    type: 'packet',
    name: 'lan',
    origin,
    interface: 'eth2.7',
    mtu: 'inherit',
    isolated: false,
    lockMac: false,
  };
  const networkOf = (lines: string) => configOf(section(lines)).networks.get(name('lan'));
  t.same(networkOf('interface = eth2.7'), { ...least, bare: false });
  t.same(networkOf('interface = eth2.7\nbare = no'), { ...least, bare: false });
  t.same(networkOf('interface = eth2.7\nbare = yes'), { ...least, bare: true });
  t.same(networkOf('interface = eth2.7\nvlan = 4094\nmtu = 1400'), { ...least, vlan: 4094, mtu: 1400, bare: false });
});

t.test('what is refused', async (t) => {
  const table: [string, RegExp][] = [
    ['bare = yes', /^a.ini:1: \[network lan\] has no interface; write interface = NAME/],
    ['interface = lo', /^a.ini:3: interface: "lo" is the loopback interface, which leads nowhere/],
    ['interface = sixteen-bytes-xx', /^a.ini:3: interface: .* has 16 bytes/],
    ['interface = eth%d', /^a.ini:3: interface: .* is not an interface name/],
    ['interface = eth2\nbare = true', /^a.ini:4: bare: "true" is not allowed; write yes or no/],
    ['interface = eth2\nbare = yes\nbare = no', /^a.ini:5: bare was given in line 4 already/],
    [
      'interface = eth2\nloop = no',
      /^a.ini:4: loop is not a key of \[network\]; allowed are type, interface, vlan, mtu/,
    ],
    ['interface = eth2\nbare = yes\nvlan = 7', /^a.ini:5: vlan cannot be kept with bare = yes/],
    ['interface = eth2\nvlan = 0', /^a.ini:4: vlan: "0" is not a number from 1 to 4094/],
    ['interface = eth2\nvlan = 4095', /^a.ini:4: vlan: /],
    ['interface = eth2\nmtu = 60', /^a.ini:4: mtu: .*, or inherit/],
    ['interface[] = eth2', /^a.ini:3: interface is no list/],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(section(lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
