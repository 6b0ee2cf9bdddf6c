/** host =, in each type that has it and in those that have not. */
import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';

const switched = {
  packet: 'type = packet\ninterface = eth0\n',
  multicast: 'type = multicast\ngroup = 239.1.2.3\nport = 5000\ninterface = eth0\n',
  qdes: 'type = qdes\nid = 1\ngroup = 239.1.2.3\ninterface = eth0\n',
};
const others = {
  bridge: 'type = bridge\nbridge = br0\n',
  macvtap: 'type = macvtap\nparent = eth0\nmode = bridge\n',
  udp: 'type = udp\nlocal = 192.0.2.1:7001\nremote = 192.0.2.7:7001\n',
  tcp: 'type = tcp\nconnect = 192.0.2.7:7001\n',
};

for (const [type, lines] of Object.entries(switched)) {
  const text = (host: string) => `[network lan]\nhost = ${host}\n${lines}`;
  t.test(type, async (t) => {
    const hostOf = (config: string) =>
      [...configOf(config).networks.values()].map((one) => 'host' in one && one.host)[0];
    t.equal(hostOf(`[network lan]\n${lines}`), false);
    t.same(hostOf(text('tap lab0')), { by: 'tap', name: 'lab0' });
    t.same(hostOf(text('bridge  br0')), { by: 'bridge', name: 'br0' });
    t.same(hostOf(text('tap fifteen-bytes-x')), { by: 'tap', name: 'fifteen-bytes-x' });
    const table: [string, RegExp][] = [
      [
        'yes',
        /^a.ini:2: host: "yes" is not allowed; write tap NAME, an interface that is made for the host, or bridge/,
      ],
      ['tap', /^a.ini:2: host: "tap" is not allowed; write tap NAME/],
      ['lab0', /^a.ini:2: host: "lab0" is not allowed/],
      ['tap lab0 lab1', /^a.ini:2: host: "tap lab0 lab1" is not allowed/],
      ['tap sixteen-bytes-xx', /^a.ini:2: host: "sixteen-bytes-xx" has 16 bytes; an interface name has at most 15/],
      ['bridge br/0', /^a.ini:2: host: "br\/0" is not an interface name/],
      ['tap lo', /^a.ini:2: host: "lo" is the loopback interface and no tap/],
      ['tap fdb1a2b3c4d', /^a.ini:2: host: "fdb1a2b3c4d" is a name as the broker gives them/],
    ];
    for (const [host, expected] of table) {
      const errors = errorsOf(text(host));
      t.equal(errors.length, 1, host);
      t.match(errors[0], expected, host);
    }
  });
}

for (const [type, lines] of Object.entries(others)) {
  t.test(`not for ${type}`, async (t) => {
    const what = new RegExp(`^a.ini:2: host is for networks of type packet, multicast, qdes, .*, and not ${type}`);
    t.match(errorsOf(`[network lan]\nhost = tap lab0\n${lines}`), [what]);
    t.equal(errorsOf(`[network lan]\nhost = tap lab0\n${lines}`).length, 1);
  });
}
