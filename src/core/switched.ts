/** Which networks our switch carries, and in which forms a guest gets a port of it. */
import type { MulticastNetwork, Network, PacketNetwork, QdesNetwork } from './config.js';
import type { Form } from './form.js';

export type SwitchedNetwork = MulticastNetwork | PacketNetwork | QdesNetwork;

/** How frames lie in what a guest's end of a port carries. */
export type SwitchedForm = 'dgram' | 'stream' | 'tap';

export const switchedForms: readonly SwitchedForm[] = ['dgram', 'stream', 'tap'];

export function isSwitchedForm(form: Form): form is SwitchedForm {
  return form !== 'socket';
}

export function isSwitchedNetwork(network: Network): network is SwitchedNetwork {
  return network.type === 'multicast' || network.type === 'packet' || network.type === 'qdes';
}

/** The VLAN whose tag frames have on the network's wire, and nowhere else; undefined: tags pass. */
export function accessVlan(network: SwitchedNetwork): number | undefined {
  return network.type === 'packet' ? network.vlan : undefined;
}
