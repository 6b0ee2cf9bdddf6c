/** A macvtap of a fake kernel, and what the ledger holds of it. */
import type { LinkEntry } from '../../src/broker/ledger.js';
import { formatAlias, type Grant } from '../../src/core/grant.js';
import { parseGrantId, tapName } from '../../src/core/names.js';
import type { FakeKernel } from './fake-kernel.js';
import { mac, name } from './policy.js';

/** Made, named for its grant, and held by nobody; the ledger does not have it. */
export function macvtapEntry(kernel: FakeKernel, grantId: string): LinkEntry {
  const id = parseGrantId(grantId)._unsafeUnwrap();
  const address = mac('52:54:00:00:00:07');
  const grant: Grant = {
    ...{ id, uid: 1000, gid: 1000, network: name('lan'), form: 'tap', mac: address, holder: 77, since: 1_700_000_000 },
  };
  const ifname = tapName(id);
  const { ifindex } = kernel.createMacvtap(ifname, { parent: 1, mode: 'bridge', mtu: 1500, address })._unsafeUnwrap();
  kernel.claimMacvtap(ifindex, { address, alias: formatAlias(grant) })._unsafeUnwrap();
  return { ...grant, ifname, ifindex, mtu: 1500, macvtap: true, master: 0, locked: false, state: 'up', settled: true };
}
