import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';

const section = (name: string, lines: string) => `[network ${name}]\ntype = qdes\ninterface = eth0\n${lines}\n`;
const one = section('one', 'id = 1\ngroup = 239.1.2.3');

t.test('networks that share a socket', async (t) => {
  t.equal(configOf(one + section('other', 'id = 2\ngroup = 239.1.2.3')).networks.size, 2);
  t.equal(configOf(one + section('other', 'id = 1\ngroup = ff15::1')).networks.size, 2, 'of another family');
  t.equal(configOf(one + section('other', 'id = 1\nport = 1\nttl = 2\ngroup = 239.1.2.3')).networks.size, 2);
  const table: [string, RegExp][] = [
    ['id = 1\ngroup = 239.1.2.4', /^a.ini:6: \[network other\] has id 1, port and interface of \[network one\]/],
    ['id = 2\ngroup = 239.1.2.3\nttl = 2', /^a.ini:6: .*shares port 7755 on eth0 with \[network one\], and not ttl/],
    ['id = 2\ngroup = 239.1.2.3\nfragment = no', /and not fragment: give it the same, or a port of its own/],
    ['id = 2\ngroup = 239.1.2.3\nport = 7755\nencapsulation = vxlan', /and not encapsulation/],
  ];
  for (const [lines, expected] of table) {
    const errors = errorsOf(one + section('other', lines));
    t.equal(errors.length, 1, lines);
    t.match(errors[0], expected, lines);
  }
});
