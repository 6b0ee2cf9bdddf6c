import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const section = (lines: string) => `[network lan]\ntype = qdes\n${lines}\n`;
const least = 'id = 4242\ninterface = eth0\ngroup = 239.1.2.3';

t.test('the least, and all keys', async (t) => {
  const origin = { file: 'a.ini', line: 1 };
  const networkOf = (lines: string) => configOf(section(lines)).networks.get(name('lan'));
  t.same(networkOf(least), {
    ...{
      type: 'qdes',
      name: 'lan',
      origin,
      isolated: false,
      lockMac: false,
      id: 4242,
      encapsulation: 'qdes',
      interface: 'eth0',
      port: 7755,
    },
    ...{ group: '239.1.2.3', peers: [], ttl: 1, mtu: 'inherit', fragment: true },
  });
  const all =
    'key-file = /etc/lab.key\nport = 1\nttl = 9\nmtu = 1400\nfragment = no\nencapsulation = qdes\npeer[] = 192.0.2.8\npeer[] = 192.0.2.9';
  t.match(networkOf(`${least}\n${all}`), {
    ...{
      keyFile: '/etc/lab.key',
      port: 1,
      ttl: 9,
      mtu: 1400,
      fragment: false,
      group: '239.1.2.3',
      peers: ['192.0.2.8', '192.0.2.9'],
    },
  });
  const peers = networkOf('id = 0\ninterface = eth0\npeer[] = 2001:db8::7');
  t.match(peers, { id: 0, peers: ['2001:db8::7'] });
  t.notOk(peers !== undefined && 'group' in peers);
  t.match(networkOf('encapsulation = vxlan\nid = 16777215\ninterface = eth0\ngroup = ff15::1'), {
    ...{ encapsulation: 'vxlan', id: 16_777_215, port: 4789 },
  });
});

t.test('what is refused', async (t) => {
  const many = Array.from({ length: 257 }, (_, i) => `peer[] = 10.0.${i >> 8}.${i & 255}`).join('\n');
  const table: [string, RegExp][] = [
    ['interface = eth0\ngroup = 239.1.2.3', /^a.ini:1: \[network lan\] has no id; write id = NUMBER/],
    ['id = 1\ngroup = 239.1.2.3', /^a.ini:1: \[network lan\] has no interface; write interface = NAME/],
    ['id = 1\ninterface = eth0', /^a.ini:1: \[network lan\] has no way to other hosts; write group = .*or peer\[\]/],
    [least.replace('4242', '65536'), /^a.ini:3: id: "65536" is not a number from 0 to 65535/],
    [`encapsulation = vxlan\n${least.replace('4242', '16777216')}`, /^a.ini:4: id: .* from 0 to 16777215/],
    [`${least}\nencapsulation = geneve`, /^a.ini:6: encapsulation: "geneve" is not allowed; allowed is qdes or vxlan/],
    [`${least}\nport = 0`, /^a.ini:6: port: /],
    [`${least}\nport = 65536`, /^a.ini:6: port: /],
    [least.replace('239.1.2.3', '192.0.2.1'), /^a.ini:5: group: .* is no group's address/],
    [`${least}\npeer[] = 239.1.2.4`, /^a.ini:6: peer: 239.1.2.4 is a group's address; name a host's/],
    [`${least}\npeer[] = 255.255.255.255`, /^a.ini:6: peer: .* is everybody's address/],
    [`${least}\npeer[] = 0.0.0.0`, /^a.ini:6: peer: 0.0.0.0 is no host's address/],
    [`${least}\npeer[] = 192.0.2.8:7755`, /^a.ini:6: peer: .* is not a numeric address without a port/],
    [`${least}\npeer[] = host.example`, /^a.ini:6: peer: .*; names are not looked up/],
    [`${least}\npeer[] = fe80::1`, /^a.ini:6: peer: .* is a link-local address/],
    [`${least}\npeer = 192.0.2.8`, /^a.ini:6: peer is a list; write peer\[\] = 192.0.2.8/],
    [`${least}\npeer[] = 2001:db8::1`, /^a.ini:1: \[network lan\] has addresses of IPv4 and of IPv6/],
    [`id = 1\ninterface = eth0\n${many}`, /^a.ini:1: \[network lan\] has 257 peers; 256 are allowed/],
    [`${least}\nttl = 256`, /^a.ini:6: ttl: /],
    [`${least}\nmtu = 67`, /^a.ini:6: mtu: "67" is not a number from 68 to 65521, or inherit/],
    [`${least}\nkey-file = lab.key`, /^a.ini:6: key-file: "lab.key" is not an absolute path/],
    [`${least}\nencapsulation = vxlan\nkey-file = /k`, /^a.ini:7: key-file is not for vxlan/],
    [`${least}\nfragment = on`, /^a.ini:6: fragment: "on" is not allowed; write yes or no/],
    [`${least}\nloop = yes`, /^a.ini:6: loop is not a key of \[network\]; allowed are type, id, encapsulation, /],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(section(lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
