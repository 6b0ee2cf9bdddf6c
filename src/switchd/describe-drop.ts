/** Words for what is told once of frames that a port sends, or is to get, and that are dropped. */
import { parsePortLabel } from '../core/port-label.js';
import type { PlugOrder } from '../protocol/switch-order.js';
import { type DropCode, dropCode } from '../switch/drop-reason.js';

/** Ethernet's header and two VLAN tags, which are no part of an MTU. */
const overhead = 22;

/** @returns one sentence. */
export function describeDrop({ label, maxFrame }: Pick<PlugOrder, 'label' | 'maxFrame'>, reason: DropCode): string {
  const { network, guest, own } = parsePortLabel(label) ?? {};
  const { id, uid } = guest?.grant ?? {};
  const port = guest === undefined ? `the ${own?.role ?? 'port'} of network` : `grant ${id} of uid ${uid} on network`;
  const what =
    reason === dropCode['too-long']
      ? `sends frames of over ${maxFrame - overhead} bytes, more than the network carries: give its far end that MTU`
      : 'cannot carry frames that are for it, as they are too long: give the network a smaller mtu';
  return `${port} "${network}" ${what}; "fdbroker switch" counts them, and this is said once`;
}
