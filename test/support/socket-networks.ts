/** Networks of sockets for tests. */
import { parseEndpoint } from '../../src/config/parse-endpoint.js';
import type {
  Endpoint,
  MulticastNetwork,
  PacketNetwork,
  QdesNetwork,
  TcpNetwork,
  UdpNetwork,
} from '../../src/core/config.js';
import { interfaceName, name } from './policy.js';

const endpoint = (text: string): Endpoint => parseEndpoint(text)._unsafeUnwrap();

/** Guests may do as they like. */
const open = { isolated: false, lockMac: false };
const named = { name: name('lan'), origin: { file: 'test.ini', line: 1 } };

export function udpNetwork(local = '127.0.0.1:7001', remote = '127.0.0.1:7002'): UdpNetwork {
  return { type: 'udp', ...named, local: endpoint(local), remote: endpoint(remote) };
}

export function tcpNetwork(role: TcpNetwork['role'], at = '127.0.0.1:7001'): TcpNetwork {
  return { type: 'tcp', ...named, role, endpoint: endpoint(at) };
}

/** On eth2; with its bare socket unless that is changed. */
export function packetNetwork(change: Partial<PacketNetwork> = {}): PacketNetwork {
  return { type: 'packet', ...named, interface: interfaceName('eth2'), mtu: 'inherit', bare: true, ...open, ...change };
}

/** By eth2. */
export function multicastNetwork(change: Partial<MulticastNetwork> = {}): MulticastNetwork {
  const group = endpoint('239.1.2.3:5000');
  return {
    type: 'multicast',
    ...named,
    group,
    interface: interfaceName('eth2'),
    loop: true,
    ttl: 1,
    ...open,
    ...change,
  };
}

/** By eth2, in a group. */
export function qdesNetwork(change: Partial<QdesNetwork> = {}): QdesNetwork {
  return {
    ...{ type: 'qdes', ...named, id: 4242, encapsulation: 'qdes', interface: interfaceName('eth2'), port: 7755 },
    ...{ group: '239.1.2.3', peers: [], ttl: 1, mtu: 'inherit', fragment: true, ...open },
    ...change,
  };
}
