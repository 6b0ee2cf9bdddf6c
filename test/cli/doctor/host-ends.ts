/** What keeps guests from the host where it is to be on their network. */
import t from 'tap';
import { examineHostEnds } from '../../../src/cli/doctor/host-ends.js';
import type { LinkFacts } from '../../../src/cli/doctor/links.js';
import type { HostEnd } from '../../../src/core/config.js';
import type { NetworkListing } from '../../../src/protocol/listing.js';
import { lines } from '../../support/fake-host.js';
import { interfaceName } from '../../support/policy.js';
import { packetNetwork } from '../../support/socket-networks.js';

const link: LinkFacts = {
  ...{ index: 2, name: 'lab0', up: true, carrier: true, mtu: 1500, address: 'fe:fd:00:00:00:01' },
  ...{ kind: 'tun', master: undefined, bridge: {} },
};
const found = (links: readonly LinkFacts[] | undefined, by: HostEnd['by'] = 'tap', hostReachable?: boolean) => {
  const network = packetNetwork({ host: { by, name: interfaceName('lab0') } });
  const told = hostReachable === undefined ? [] : [{ name: network.name, hostReachable } as unknown as NetworkListing];
  return lines(examineHostEnds(links, [network], told));
};

t.test('there, up, with an address', async (t) => {
  t.same(found([link], 'tap', true), ['ok lab0, by which the host is on lan, is up: guests reach what listens there']);
  t.match(found([link], 'tap', false), [
    /^hint lab0, .* has no address: .* \| sudo ip address add ADDRESS\/24 dev lab0$/,
  ]);
  t.match(found([{ ...link, up: false }]), [/^hint lab0, .*, is down \| sudo ip link set lab0 up$/]);
  t.match(found([]), [
    /^hint there is no tap lab0, .*; the broker makes it, or its log says .* \| journalctl -u fdbroker$/,
  ]);
  t.match(found([], 'bridge'), [
    /^hint there is no bridge lab0, by which the host is on lan \| sudo ip link add lab0 type/,
  ]);
});

t.test('nothing to look at', async (t) => {
  t.same(found(undefined), []);
  t.same(lines(examineHostEnds([link], [])), []);
  t.same(lines(examineHostEnds([link], [packetNetwork()])), []);
});
