/** Which networks a caller may use at all, for the verb `networks`. */
import type { Vhost } from '../core/config.js';
import type { Credentials } from '../core/credentials.js';
import type { Form } from '../core/form.js';
import type { NetworkName } from '../core/names.js';
import { givenVhost, offeredVhost } from './decide.js';
import { formsOf } from './form-set.js';
import { matchRules, permittedForms, rulesByName } from './match.js';
import type { Policy, PolicyRule } from './policy.js';

export interface AllowedNetwork {
  readonly network: NetworkName;
  /** At least one. */
  readonly forms: readonly Form[];
  /** Ports at once under the most generous rule; undefined: no limit. */
  readonly maxPorts?: number;
  /** The most that any rule gives. */
  readonly maxQueues: number;
  /** What network and rules give to who asks for auto. */
  readonly vhost: Vhost;
  /** The networks whose ports count towards maxPorts: not to be shown, the caller may have no access to some. */
  readonly countedNetworks: ReadonlySet<NetworkName>;
}

/** Ordered as the configuration has them. What is in use now is not looked at. */
export function allowedNetworks(policy: Policy, caller: Credentials): readonly AllowedNetwork[] {
  return [...policy.networks.values()].flatMap((one): AllowedNetwork[] => {
    const matches = matchRules(one, caller);
    const permitted = permittedForms(matches);
    if (permitted === 0) return [];
    const useful = [...rulesByName(matches, 'allows')].filter(({ forms }) => (forms & permitted) !== 0);
    const { rule, networks } = mostGenerous(useful);
    const maxQueues = Math.max(...useful.map((each) => each.rule.maxQueues ?? 1));
    const vhosts = useful.map((each) => givenVhost('auto', offeredVhost(one.network), each.rule.vhost));
    const vhost = (['yes', 'auto'] as const).find((given) => vhosts.includes(given)) ?? 'no';
    const limit = rule.maxPorts === undefined ? {} : { maxPorts: rule.maxPorts };
    return [
      { network: one.network.name, forms: formsOf(permitted), ...limit, maxQueues, vhost, countedNetworks: networks },
    ];
  });
}

function mostGenerous(useful: readonly PolicyRule[]): PolicyRule {
  const portsOf = ({ rule }: PolicyRule) => rule.maxPorts ?? Number.POSITIVE_INFINITY;
  return useful.reduce((best, one) => (portsOf(one) > portsOf(best) ? one : best));
}
