/** Networks of UDP and TCP for tests. */

import { parseEndpoint } from '../../src/config/parse-endpoint.js';
import type { Endpoint, TcpNetwork, UdpNetwork } from '../../src/core/config.js';
import { name } from './policy.js';

const endpoint = (text: string): Endpoint => parseEndpoint(text)._unsafeUnwrap();

const named = { name: name('lan'), origin: { file: 'test.ini', line: 1 } };

export function udpNetwork(local = '127.0.0.1:7001', remote = '127.0.0.1:7002'): UdpNetwork {
  return { type: 'udp', ...named, local: endpoint(local), remote: endpoint(remote) };
}

export function tcpNetwork(role: TcpNetwork['role'], at = '127.0.0.1:7001'): TcpNetwork {
  return { type: 'tcp', ...named, role, endpoint: endpoint(at) };
}
