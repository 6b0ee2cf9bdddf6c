/** isolated and lock-mac, in each type that has them. */
import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';

const sections = {
  bridge: 'type = bridge\nbridge = br0\n',
  packet: 'type = packet\ninterface = eth0\n',
  multicast: 'type = multicast\ngroup = 239.1.2.3\nport = 5000\ninterface = eth0\n',
  qdes: 'type = qdes\nid = 1\ngroup = 239.1.2.3\ninterface = eth0\n',
};

for (const [type, lines] of Object.entries(sections)) {
  t.test(type, async (t) => {
    const network = (more: string) => [...configOf(`[network lan]\n${lines}${more}`).networks.values()][0];
    t.match(network(''), { isolated: false, lockMac: false });
    t.match(network('isolated = yes\nlock-mac = yes\n'), { isolated: true, lockMac: true });
    t.match(errorsOf(`[network lan]\n${lines}lock-mac = maybe\n`).join('\n'), /yes or no/);
  });
}

t.test('who has a bare socket is held to nothing', async (t) => {
  const bare = `[network lan]\n${sections.packet}bare = yes\nlock-mac = yes\nisolated = yes\n`;
  t.match(errorsOf(bare), [/lock-mac.*cannot be kept with bare = yes/, /isolated.*cannot be kept with bare/]);
});
