/** Which ports are told of that networks have in common, or that the broker may not bind. */
import t from 'tap';
import { formatConfigError } from '../../src/config/errors.js';
import { warnOfLowPorts, warnOfSharedPorts } from '../../src/config/port-warnings.js';
import type { Network } from '../../src/core/config.js';
import { bridgeNetwork, interfaceName, name, testConfig } from '../support/policy.js';
import { multicastNetwork, packetNetwork, qdesNetwork, tcpNetwork, udpNetwork } from '../support/socket-networks.js';

/** Each with a name and a line of its own. */
function configOf(networks: readonly Network[]) {
  const named = networks.map((network, at) => ({
    ...network,
    ...{ name: name(`n${at + 1}`), origin: { file: 'a.ini', line: at + 1 } },
  }));
  return testConfig(named, []);
}

const shared = (...networks: Network[]) => warnOfSharedPorts(configOf(networks)).map(formatConfigError);

t.test('ports that one network at a time can have', async (t) => {
  const multicast = multicastNetwork();
  const other = { group: '239.9.9.9', port: 5000 };
  const says = (type: string) => [
    `a.ini:2: has port 5000 of [network n1], of type ${type}: while one of the two has a guest, the other gets none`,
  ];
  t.same(shared(multicast, qdesNetwork(other)), says('multicast'), 'whatever the groups');
  t.same(shared(qdesNetwork(other), multicast), says('qdes'));
  t.same(shared(udpNetwork('192.0.2.1:5000'), qdesNetwork(other)), says('udp'), 'whatever the interface');
  t.same(shared(udpNetwork('192.0.2.1:5000'), udpNetwork('192.0.2.1:5000')), says('udp'));
  t.same(shared(tcpNetwork('listen', '192.0.2.1:5000'), tcpNetwork('listen', '192.0.2.1:5000')), says('tcp'));
  const elsewhere: [one: Network, two: Network][] = [
    [multicast, qdesNetwork()],
    [multicast, qdesNetwork({ ...other, interface: interfaceName('eth3') })],
    [multicast, qdesNetwork({ ...other, group: 'ff15::1' })],
    [multicast, udpNetwork('192.0.2.1:5000')],
    [udpNetwork('192.0.2.1:5000'), udpNetwork('192.0.2.2:5000')],
    [tcpNetwork('listen', '192.0.2.1:5000'), qdesNetwork(other)],
    [tcpNetwork('connect', '192.0.2.1:5000'), tcpNetwork('listen', '192.0.2.1:5000')],
    [qdesNetwork(), qdesNetwork({ id: 1 })],
    [bridgeNetwork(), packetNetwork()],
  ];
  for (const [one, two] of elsewhere) t.same(shared(one, two), [], `${one.type} and ${two.type}`);
});

t.test('networks that are one group', async (t) => {
  const one = multicastNetwork();
  const words = 'has port 5000 of [network n1], and its group: guests of the two reach each other';
  t.same(shared(one, multicastNetwork()), [`a.ini:2: ${words}, whatever the rules say`]);
  t.same(shared(one, multicastNetwork({ group: { address: '239.1.2.4', port: 5000 } })), []);
  t.same(shared(one, multicastNetwork({ interface: interfaceName('eth3') })), []);
});

t.test('ports that take a capability', async (t) => {
  const low = (first: number, ...networks: Network[]) =>
    warnOfLowPorts(configOf(networks), first).map(formatConfigError);
  const all = [
    ...[udpNetwork('192.0.2.1:500', '192.0.2.2:7'), tcpNetwork('listen', '192.0.2.1:501'), qdesNetwork({ port: 502 })],
    ...[tcpNetwork('connect', '192.0.2.1:80'), multicastNetwork(), bridgeNetwork()],
  ];
  const words = (port: number) =>
    `has port ${port}, and the broker may bind none below 1024: choose another, or sysctl net.ipv4.ip_unprivileged_port_start=${port}`;
  t.same(
    low(1024, ...all),
    [500, 501, 502].map((port, at) => `a.ini:${at + 1}: ${words(port)}`),
  );
  t.same(low(501, ...all).length, 1);
  t.ok(warnOfLowPorts(configOf(all)).length <= 3, 'by this host’s setting');
});
