/**
 * Ports whose descriptor could not be sent. The kernel takes its time to end one, on its bridge meanwhile, so it counts
 * towards quotas until it is gone: else a client that lets nothing be sent to it could fill a bridge whatever its rules.
 */
import { type Grant, parseAlias } from '../core/grant.js';
import type { Broker } from './broker.js';

/** Milliseconds between two looks at whether it is gone. */
const lookInterval = 250;

/** @param ifindex of the link, whose descriptors are being closed. */
export function countUntilGone(broker: Broker, grant: Grant, ifindex: number): void {
  broker.ledger.reserve(grant);
  const look = () => {
    const link = broker.kernel.linkByIndex(ifindex);
    // The number can be another link's by now
    const gone = link.isOk() && parseAlias(link.value?.alias ?? '')?.id !== grant.id;
    if (gone) broker.ledger.unreserve(grant);
    else later();
  };
  const later = () => setTimeout(look, lookInterval).unref();
  later();
}
