/** Whom guests reach by the host's own end of their network, by what the kernel says of it. */
import type { HostEnd } from '../core/config.js';
import type { SwitchedNetwork } from '../core/switched.js';
import { bridgeReach } from './bridge-reach.js';
import { planHost } from './host.js';
import type { NetworkFacts } from './network.js';
import type { Outlook } from './outlook.js';

/** @param facts of the network without it. */
export function withHost(outlook: Outlook, network: SwitchedNetwork, facts: NetworkFacts): NetworkFacts {
  const { host } = network;
  if (host === undefined) return facts;
  const wrong = facts.problem === null ? planHost(outlook.kernel, network) : undefined;
  const told = [facts.caution, wrong?.isErr() === true ? wrong.error.what : undefined].filter(
    (what) => what !== undefined,
  );
  const caution = told.length === 0 ? {} : { caution: told.join('; ') };
  return { ...facts, ...reachBy(outlook, host, facts), ...caution };
}

function reachBy(outlook: Outlook, { by, name }: HostEnd, facts: NetworkFacts): Partial<NetworkFacts> {
  const link = outlook.kernel.linkByName(name).unwrapOr(undefined);
  if (link?.up !== true) return { hostReachable: false };
  if (by === 'tap') {
    const host = outlook.hostOn(link).unwrapOr(undefined);
    return { hostReachable: host?.hasAddress ?? null, routed: host?.routes ?? false };
  }
  const { uplinks = [], ...reach } = bridgeReach({ bridge: name, isolated: false }, link, outlook);
  const ways = [facts.outsideReachable, reach.outsideReachable];
  return {
    ...reach,
    outsideReachable: ways.includes(true) ? true : ways.includes(null) ? null : false,
    uplinks: [...(facts.uplinks ?? []), ...uplinks],
  };
}
