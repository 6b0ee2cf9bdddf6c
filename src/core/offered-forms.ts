/** What a network can be handed out as, whatever the rules allow, and why it cannot be in another form. */
import type { Network } from './config.js';
import type { Form } from './form.js';
import { switchedForms } from './switched.js';

/** The one for QEMU first. */
export function offeredForms(network: Network): readonly Form[] {
  switch (network.type) {
    case 'bridge':
    case 'macvtap':
      return ['tap'];
    case 'udp':
      return ['dgram', 'socket'];
    case 'tcp':
      return ['stream', 'socket'];
    case 'packet':
      return network.bare ? [...switchedForms, 'socket'] : switchedForms;
    case 'multicast':
      // Nobody holds a bare socket to what a guest may send
      return network.lockMac || network.isolated ? switchedForms : [...switchedForms, 'socket'];
    case 'qdes':
      return switchedForms;
  }
}

/** Both are clauses without a full stop. */
export interface NotOffered {
  /** Begins with the network. */
  readonly why: string;
  /** What can be done. */
  readonly advice: string;
}

/** What the holder of a packet network's bare socket can do. */
export const bareCaution = "its holder can reach every interface of the broker's network namespace";

/** @returns undefined when the network is offered in that form. */
export function whyNotOffered(network: Network, form: Form): NotOffered | undefined {
  const offered = offeredForms(network);
  if (offered.includes(form)) return undefined;
  const named = `network "${network.name}" is of type ${network.type}`;
  if (network.type === 'packet' && form === 'socket') {
    return {
      why: `${named} without bare = yes and hands out no bare socket, because ${bareCaution}`,
      advice: 'where its users may do that, the administrator writes bare = yes in its section',
    };
  }
  const why = `${named}, which offers ${offered.join(', ')} and not ${form}`;
  // A helper can carry nothing but a tap
  const byExec = form === 'tap' ? '; for QEMU fdbroker exec does' : '';
  return { why, advice: `ask for form ${offered.join(' or ')}${byExec}` };
}
