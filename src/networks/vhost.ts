/** vhost-net: a kernel worker for each queue, which moves a tap's frames without a detour through QEMU. */
import { err, ok, type Result } from 'neverthrow';
import type { Permit } from '../core/permit.js';
import type { Kernel } from '../kernel/kernel.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import { type NetworkError, networkError, type Remedies } from './network.js';

/** What mends it, by what open(2) of /dev/vhost-net says. */
const remedies: Remedies = {
  ENOENT: 'there is no node /dev/vhost-net: in a container give it the host’s, elsewhere modprobe vhost_net',
  ENODEV: 'the host has the node /dev/vhost-net and not its module: modprobe vhost_net',
  ENXIO: 'the host has the node /dev/vhost-net and not its module: modprobe vhost_net',
  EACCES: 'the broker may not open /dev/vhost-net: give it to a group that the broker is in',
  EPERM: 'the broker is kept from /dev/vhost-net: allow it in DeviceAllow= of its unit',
};

/** @returns one for each queue of the permit, the caller's to close; none where it says no, or auto and there are none. */
export function openVhost(kernel: Kernel, { uid, network, queues, vhost }: Permit): Result<OwnedFd[], NetworkError> {
  const opened: OwnedFd[] = [];
  while (vhost !== 'no' && opened.length < queues) {
    const one = kernel.openVhost();
    if (one.isOk()) {
      one.value.closeFor(uid);
      opened.push(one.value);
      continue;
    }
    for (const fd of opened) fd.close();
    if (vhost === 'auto') return ok([]);
    return err(networkError(`network "${network}" cannot be had with vhost`, one.error, remedies));
  }
  return ok(opened);
}
