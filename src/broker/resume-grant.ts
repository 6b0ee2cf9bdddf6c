/** Grants of an earlier broker whose ports the switch still has. */
import type { Broker } from './broker.js';
import { endGrant } from './endings.js';
import type { Entry } from './ledger.js';
import type { Known } from './switchboard.js';

/** Takes a port's grant into the ledger; one whose number another has by now is unplugged. */
export function resumeGrant(broker: Broker, { grant, mtu, life }: Known): void {
  if (broker.ledger.has(grant.id)) {
    life[Symbol.dispose]();
    return;
  }
  const entry: Entry = { ...grant, mtu, ifname: null, ifindex: null, state: 'up', holding: life };
  broker.ledger.add(entry);
  life.whenEnded((reason) => endGrant(broker, entry, reason));
}
