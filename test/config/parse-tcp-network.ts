import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const section = (lines: string) => `[network lan]\ntype = tcp\n${lines}\n`;

t.test('either role', async (t) => {
  const origin = { file: 'a.ini', line: 1 };
  const network = { type: 'tcp', name: 'lan', origin } as const;
  t.same(configOf(section('connect = 192.0.2.7:7001')).networks.get(name('lan')), {
    ...network,
    ...{ role: 'connect', endpoint: { address: '192.0.2.7', port: 7001 } },
  });
  t.same(configOf(section('listen = [::]:7001')).networks.get(name('lan')), {
    ...network,
    ...{ role: 'listen', endpoint: { address: '::', port: 7001 } },
  });
});

t.test('what is refused', async (t) => {
  const table: [string, RegExp][] = [
    ['', /^a.ini:1: \[network lan\] has neither connect nor listen; write one of them/],
    ['connect = 192.0.2.7:1\nlisten = 192.0.2.7:1', /^a.ini:1: \[network lan\] has both connect and listen/],
    ['connect = 0.0.0.0:7001', /^a.ini:3: connect cannot be reached: 0.0.0.0 is no host's address/],
    ['connect = 192.0.2.7', /^a.ini:3: connect: "192.0.2.7" is not a numeric address and a port/],
    ['listen = 192.0.2.7:0', /^a.ini:3: listen: "192.0.2.7:0" has no port from 1 to 65535/],
    ['listen = 192.0.2.7:7001\nvhost = yes', /^a.ini:4: vhost is not a key of \[network\]; allowed are type, connect/],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(section(lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
