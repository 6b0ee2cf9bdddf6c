import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const section = (lines: string) => `[network lan]\ntype = multicast\n${lines}\n`;
const least = 'group = 239.1.2.3\nport = 5000\ninterface = eth0';

t.test('the least, and all keys, of IPv4 and IPv6', async (t) => {
  const origin = { file: 'a.ini', line: 1 };
  const networkOf = (lines: string) => configOf(section(lines)).networks.get(name('lan'));
  t.same(networkOf(least), {
    ...{
      type: 'multicast',
      name: 'lan',
      origin,
      isolated: false,
      lockMac: false,
      group: { address: '239.1.2.3', port: 5000 },
      interface: 'eth0',
    },
    ...{ loop: true, ttl: 1 },
  });
  t.match(networkOf('group = ff15::1:2\nport = 65535\ninterface = eth0\nloop = no\nttl = 255'), {
    ...{ group: { address: 'ff15::1:2', port: 65_535 }, loop: false, ttl: 255 },
  });
  for (const group of ['224.0.0.1', '239.255.255.255', 'ff02::1', 'FF0E::7']) {
    t.match(networkOf(`${least.replace('239.1.2.3', group)}\nttl = 0`), { group: { address: group }, ttl: 0 });
  }
});

t.test('what is refused', async (t) => {
  const group = (text: string) => least.replace('239.1.2.3', text);
  const table: [string, RegExp][] = [
    ['port = 1\ninterface = eth0', /^a.ini:1: \[network lan\] has no group; write group = ADDRESS/],
    ['group = 239.1.2.3\ninterface = eth0', /^a.ini:1: \[network lan\] has no port; write port = NUMBER/],
    ['group = 239.1.2.3\nport = 1', /^a.ini:1: \[network lan\] has no interface; write interface = NAME/],
    [group('223.255.255.255'), /^a.ini:3: group: "223.255.255.255" is no group's address; those are 224.0.0.0 to /],
    [group('240.0.0.1'), /is no group's address/],
    [group('2001:db8::1'), /is no group's address; .* IPv6 those from ff00:: on/],
    [group('::ffff:239.1.2.3'), /is no group's address/],
    [group('ff2::1'), /is no group's address/],
    [group('ff02::1%eth0'), /^a.ini:3: group: "ff02::1%eth0" names an interface; .* write interface =/],
    [group('239.1.2.3:5000'), /^a.ini:3: group: "239.1.2.3:5000" has a port; write group = 239.1.2.3, and port = on/],
    [group('[ff15::1]:5000'), /has a port; write group = ff15::1,/],
    [group('all.example'), /"all.example" is not a numeric address of a group/],
    [group('239.1.2'), /is not a numeric address/],
    [least.replace('5000', '0'), /^a.ini:4: port: "0" is not a number from 1 to 65535/],
    [least.replace('5000', '65536'), /^a.ini:4: port: /],
    [least.replace('eth0', 'eth%d'), /^a.ini:5: interface: .* is not an interface name/],
    [`${least}\nttl = 256`, /^a.ini:6: ttl: "256" is not a number from 0 to 255/],
    [`${least}\nttl = -1`, /^a.ini:6: ttl: /],
    [`${least}\nloop = on`, /^a.ini:6: loop: "on" is not allowed; write yes or no/],
    [`${least}\nbare = yes`, /^a.ini:6: bare is not a key of \[network\]; allowed are type, group, port, interface/],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(section(lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
