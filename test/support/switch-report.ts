/** Reports of the switch as a client has them. */
import type { SwitchReport } from '../../src/client/inspect.js';
import type { SwitchPortListing } from '../../src/protocol/switch-report.js';

export function switchPort(change: Partial<SwitchPortListing> = {}): SwitchPortListing {
  return {
    ...{ port: 1, network: 'lab', kind: 'dgram', uplink: false, grant: '1a2b3c4d', uid: 1000 },
    ...{ mac: '52:54:00:6b:12:9e', holder: 4242, since: 1_000_000, isolated: false, locked: false, addresses: 1 },
    ...{ rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0, floods: 0, notLearned: 0, moves: 0, drops: {} },
    ...change,
  };
}

export function switchReport(clock: number, ports: readonly SwitchPortListing[], pid = 7): SwitchReport {
  return {
    switch: {
      pid,
      since: 1_000_000,
      clock,
      ports: ports.length,
      mostPorts: 4096,
      addresses: 1,
      mostAddresses: 131_072,
      ...{ threads: 1, mostThreads: 1, slabs: 1 << 20 },
    },
    networks: [{ network: 'lab', thread: 0, ports: ports.length, addresses: 1 }],
    ports,
    peers: [],
    addresses: [],
    lost: [],
  };
}
