/** One door to every type of network: what it opens, and what it can do. */
import { err, type Result } from 'neverthrow';
import type { Network } from '../core/config.js';
import type { Form } from '../core/form.js';
import type { Grant } from '../core/grant.js';
import type { Permit } from '../core/permit.js';
import type { Kernel, Tap } from '../kernel/kernel.js';
import { openBridge } from './bridge.js';
import { type NetworkError, networkError, type OpenedPort } from './network.js';
import { openVhost } from './vhost.js';

const formsOf: Readonly<Record<Network['type'], readonly Form[]>> = { bridge: ['tap'] };

/** The forms in which a network of this type can be handed out. */
export function offeredForms(network: Network): readonly Form[] {
  return formsOf[network.type];
}

/** Opens a network for whom a rule permits it; see the type's own module. */
export function openNetwork(
  kernel: Kernel,
  network: Network,
  permit: Permit,
  grant: Grant,
  vnetHdr: boolean,
  spare?: Tap,
): Result<OpenedPort, NetworkError> {
  const offered = offeredForms(network);
  if (!offered.includes(permit.form)) {
    spare?.fd.close();
    return err(
      networkError(`network "${network.name}" is of type ${network.type} and offers form ${offered.join(', ')}`),
    );
  }
  const vhost = openVhost(kernel, permit);
  if (vhost.isErr()) {
    spare?.fd.close();
    return err(vhost.error);
  }
  const closeVhost = () => {
    for (const fd of vhost.value) fd.close();
  };
  return openBridge(kernel, network, permit, grant, vnetHdr, spare)
    .map((port) => ({
      ...port,
      fds: [...port.fds, ...vhost.value],
      [Symbol.dispose]() {
        port[Symbol.dispose]();
        closeVhost();
      },
    }))
    .mapErr((error) => {
      closeVhost();
      return error;
    });
}
