import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';

const packet = (name: string, host: string) => `[network ${name}]\ntype = packet\ninterface = eth0\nhost = ${host}\n`;
const qdes = (name: string, host: string) =>
  `[network ${name}]\ntype = qdes\nid = 1\ngroup = 239.1.2.3\ninterface = br0\nhost = ${host}\n`;

t.test('a tap is of one network, a bridge of any number', async (t) => {
  t.equal(configOf(packet('one', 'tap lab0') + qdes('two', 'tap lab1')).networks.size, 2);
  t.equal(configOf(packet('one', 'bridge br1') + qdes('two', 'bridge br1')).networks.size, 2);
  t.same(errorsOf(packet('one', 'tap lab0') + qdes('two', 'tap lab0')), [
    'a.ini:5: [network two] has host = tap lab0, which is the tap of [network one]: name another, or join them by host = bridge',
  ]);
});

t.test('the network’s own interface', async (t) => {
  const own =
    /^a.ini:1: \[network lan\] has host = (tap|bridge) (eth0|br0), which is the interface of the network itself/;
  t.match(errorsOf(packet('lan', 'tap eth0')), [own]);
  t.match(errorsOf(packet('lan', 'bridge eth0')), [own], 'each frame would go there twice');
  t.match(errorsOf(qdes('lan', 'tap br0')), [own]);
  t.equal(configOf(qdes('lan', 'bridge br0')).networks.size, 1, 'by which its datagrams go');
});
