/** Whom guests reach by the host's own end of their network, on the real kernel. */
import t from 'tap';
import { describeNetwork } from '../../src/networks/open.js';
import { Outlook } from '../../src/networks/outlook.js';
import { addBridge, ifname, ipLink, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { packetNetwork, qdesNetwork } from '../support/socket-networks.js';
import { until } from '../support/until.js';

inPrivateNamespace();
sh(
  'ip link add eth2 type veth peer name far; ip link set eth2 addrgenmode none up; ip link set far addrgenmode none up',
);
const kernel = openKernel(t);
await until(() => ipLink('eth2').flags.includes('LOWER_UP'));

t.test('a tap: the host is there when it is up and has an address', async (t) => {
  const network = packetNetwork({ bare: false, host: { by: 'tap', name: ifname('lab0') } });
  const facts = () => {
    const {
      hostReachable: host,
      outsideReachable: outside,
      uplinks,
      routed,
      caution,
    } = describeNetwork(new Outlook(kernel), network);
    return { host, outside, uplinks, routed, caution };
  };
  const outside = { outside: true, uplinks: ['eth2'] };
  t.match(facts(), { ...outside, host: false, caution: /cannot reach this host's own addresses on eth2/ });
  sh('ip tuntap add lab0 mode tap; ip link set lab0 addrgenmode none; ip address add 10.0.0.1/24 dev lab0');
  t.match(facts(), { ...outside, host: false }, 'it is down');
  sh('ip link set lab0 up; echo 0 >/proc/sys/net/ipv4/conf/lab0/forwarding');
  t.match(facts(), { ...outside, host: true, routed: false });
  sh('echo 1 >/proc/sys/net/ipv4/conf/lab0/forwarding');
  t.match(facts(), { ...outside, host: true, routed: true });
  sh('ip address flush dev lab0');
  t.match(facts(), { ...outside, host: false });
  sh('ip link set lab0 mtu 1600');
  t.match(facts(), {
    ...outside,
    host: false,
    caution: /on eth2, nor the host them; network "lan" cannot have host = tap lab0: the MTU/,
  });
});

t.test('a bridge: the host, and where its ports lead', async (t) => {
  // From which QDES sends
  sh('ip address add 192.0.2.1/24 dev eth2');
  const network = qdesNetwork({ host: { by: 'bridge', name: ifname('br0') } });
  const facts = () => {
    const {
      hostReachable: host,
      outsideReachable: outside,
      uplinks,
      caution,
    } = describeNetwork(new Outlook(kernel), network);
    return { host, outside, uplinks, caution };
  };
  t.match(facts(), {
    host: false,
    outside: null,
    caution: /has no key; network "lan" cannot have host = bridge br0: there is no/,
  });
  addBridge(t, 'br0');
  sh('ip link set br0 addrgenmode none down; ip link set br0 up; ip address add 10.0.0.1/24 dev br0');
  t.match(
    facts(),
    { host: true, outside: null, uplinks: [], caution: /has no key$/ },
    'who else is in the group is not known',
  );
  sh('ip link add wire type veth peer name beyond; ip link set wire master br0 up; ip link set beyond up');
  await until(() => ipLink('wire').flags.includes('LOWER_UP'));
  t.match(facts(), { host: true, outside: true, uplinks: ['wire'] });
  sh('ip link set br0 down');
  t.match(facts(), { host: false, outside: null });
});

t.test('a network that has none is as it was', async (t) => {
  t.match(describeNetwork(new Outlook(kernel), packetNetwork()), { hostReachable: false, uplinks: ['eth2'] });
});
