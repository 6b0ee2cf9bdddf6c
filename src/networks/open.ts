/** One door to every type of network: what it opens, and what it can do. */
import { err, type Result } from 'neverthrow';
import type { Network } from '../core/config.js';
import type { Grant } from '../core/grant.js';
import { whyNotOffered } from '../core/offered-forms.js';
import type { Permit } from '../core/permit.js';
import { isSwitchedForm, isSwitchedNetwork } from '../core/switched.js';
import type { Kernel, Tap } from '../kernel/kernel.js';
import { openBridge } from './bridge.js';
import { describeBridge } from './bridge-facts.js';
import { withHost } from './host-facts.js';
import { openMacvtap } from './macvtap.js';
import { describeMacvtap } from './macvtap-facts.js';
import { describeMulticast, openMulticast } from './multicast.js';
import { type NetworkError, type NetworkFacts, networkError, type OpenedPort } from './network.js';
import type { Outlook } from './outlook.js';
import { describePacket, openPacket } from './packet.js';
import { describeQdes } from './qdes.js';
import { openSwitched, type Switchboard } from './switched.js';
import { describeTcp, openTcp } from './tcp.js';
import { describeUdp, openUdp } from './udp.js';
import { switchedMtu } from './uplink.js';
import { openVhost } from './vhost.js';

/** A port, or the promise of one where opening takes time. */
type Opening = Result<OpenedPort, NetworkError> | Promise<Result<OpenedPort, NetworkError>>;

/** What a request asks for besides what rules decide. */
export interface OpenOptions {
  readonly vnetHdr: boolean;
  /** A tap made ahead for this grant; it is closed when anything fails. */
  readonly spare?: Tap;
  /** For forms of networks that the switch carries. */
  readonly switchboard: Switchboard;
}

/**
 * Opens a network for whom a rule permits it; see the type's own module.
 *
 * @returns a promise only for a type that takes time to open.
 */
export function openNetwork(
  kernel: Kernel,
  network: Network,
  permit: Permit,
  grant: Grant,
  options: OpenOptions,
): Opening {
  const { spare } = options;
  const fail = (error: NetworkError) => {
    spare?.fd.close();
    return err(error);
  };
  const missing = whyNotOffered(network, permit.form);
  if (missing !== undefined) return fail(networkError(`${missing.why}; ${missing.advice}`));
  const vhost = openVhost(kernel, permit);
  if (vhost.isErr()) return fail(vhost.error);
  const closeVhost = () => {
    for (const fd of vhost.value) fd.close();
  };
  const withVhost = (opened: Result<OpenedPort, NetworkError>) =>
    opened
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
  const opening = openByType(kernel, network, permit, grant, options);
  return opening instanceof Promise ? opening.then(withVhost) : withVhost(opening);
}

function openByType(
  kernel: Kernel,
  network: Network,
  permit: Permit,
  grant: Grant,
  { vnetHdr, spare, switchboard }: OpenOptions,
): Opening {
  const { form } = permit;
  if (isSwitchedNetwork(network) && isSwitchedForm(form)) {
    const mtu = switchedMtu(kernel, network);
    if (mtu.isErr()) return err(mtu.error);
    return openSwitched(kernel, switchboard, { network, grant, form, mtu: mtu.value, vnetHdr });
  }
  switch (network.type) {
    case 'bridge':
      return openBridge(kernel, network, permit, grant, vnetHdr, spare);
    case 'macvtap':
      return openMacvtap(kernel, network, permit, grant, vnetHdr);
    case 'udp':
      return openUdp(kernel, network);
    case 'tcp':
      return openTcp(kernel, network);
    case 'packet':
      return openPacket(kernel, network);
    case 'multicast':
      return openMulticast(kernel, network);
    case 'qdes':
      // Forms that the switch has not, whyNotOffered has refused
      return err(networkError(`network "${network.name}" has no form ${form}`));
  }
}

export function describeNetwork(outlook: Outlook, network: Network): NetworkFacts {
  const facts = describeByType(outlook, network);
  return isSwitchedNetwork(network) ? withHost(outlook, network, facts) : facts;
}

function describeByType(outlook: Outlook, network: Network): NetworkFacts {
  switch (network.type) {
    case 'bridge':
      return describeBridge(outlook, network);
    case 'macvtap':
      return describeMacvtap(outlook, network);
    case 'udp':
      return describeUdp(network);
    case 'tcp':
      return describeTcp(network);
    case 'packet':
      return describePacket(outlook.kernel, network);
    case 'multicast':
      return describeMulticast(outlook.kernel, network);
    case 'qdes':
      return describeQdes(outlook.kernel, network);
  }
}
