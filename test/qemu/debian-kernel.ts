/** What networks ask of the kernel, asked of Debian's: it filters VLANs, has vhost-net, and is older than most. */
import t from 'tap';
import { runInDebianKernel } from '../support/debian-kernel.js';
import { missingGuests } from '../support/host.js';
import { skipFile } from '../support/namespace.js';

const missing = missingGuests();
if (missing !== undefined) skipFile(missing);

await runInDebianKernel(t, [
  'test/broker/multiqueue.ts',
  'test/broker/vlan.ts',
  'test/kernel/capabilities.ts',
  'test/kernel/link-events.ts',
  'test/kernel/linux-entries.ts',
  'test/kernel/linux-macvtap.ts',
  'test/kernel/linux-surroundings.ts',
  'test/kernel/linux-taps.ts',
  'test/kernel/linux-vlan.ts',
  'test/kernel/linux.ts',
  'test/kernel/peer.ts',
  'test/networks/bridge-reach.ts',
]);
