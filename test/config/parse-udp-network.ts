import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const section = (lines: string) => `[network lan]\ntype = udp\n${lines}\n`;

t.test('local and remote, IPv4 and IPv6', async (t) => {
  const origin = { file: 'a.ini', line: 1 };
  t.same(configOf(section('local = 127.0.0.1:7001\nremote = 192.0.2.7:65535')).networks.get(name('lan')), {
    ...{ type: 'udp', name: 'lan', origin },
    ...{ local: { address: '127.0.0.1', port: 7001 }, remote: { address: '192.0.2.7', port: 65_535 } },
  });
  t.match(configOf(section('local = [::]:1\nremote = [2001:db8::7]:7002')).networks.get(name('lan')), {
    ...{ local: { address: '::', port: 1 }, remote: { address: '2001:db8::7', port: 7002 } },
  });
});

t.test('what is refused', async (t) => {
  const local = 'local = 127.0.0.1:7001';
  const table: [string, RegExp][] = [
    [local, /^a.ini:1: \[network lan\] has no remote; write remote = ADDRESS:PORT/],
    ['remote = 127.0.0.1:7001', /^a.ini:1: \[network lan\] has no local; write local = ADDRESS:PORT/],
    [`${local}\nremote = 127.0.0.1:7001`, /^a.ini:4: remote is the same as local/],
    [`${local}\nremote = [::1]:7002`, /^a.ini:4: remote is of another family than local/],
    [`${local}\nremote = 239.1.2.3:7002`, /^a.ini:4: remote cannot be reached: 239.1.2.3 is a group's address/],
    [`local = [::]:7001\nremote = [ff02::1]:7002`, /^a.ini:4: remote cannot be reached: ff02::1 is a group's address/],
    [`${local}\nremote = 255.255.255.255:7002`, /everybody's address/],
    [`${local}\nremote = 0.0.0.0:7002`, /0.0.0.0 is no host's address/],
    [`local = [::]:7001\nremote = [::]:7002`, /:: is no host's address/],
    [`${local}\nremote = far.example:7002`, /^a.ini:4: remote: "far.example:7002" is not a numeric address .* names/],
    [`${local}\nremote = 127.0.0.1:7002\nlisten = 127.0.0.1:1`, /listen is not a key of \[network\]/],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(section(lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
