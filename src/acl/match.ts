/** Which rules concern a caller on a network, and which forms they leave. */
import type { Credentials } from '../core/credentials.js';
import type { FormSet } from './form-set.js';
import type { NetworkPolicy, Policy, PolicyRule, RuleList } from './policy.js';

/** The rules that match; one that names both the caller and a group of the caller stands in two lists. */
export type Matches = readonly RuleList[];

const none: readonly number[] = [];

/** The caller with those groups alone that matter: a caller can have 65,536, and they are looked at for each network. */
export function withNamedGroups(policy: Policy, caller: Credentials): Credentials {
  return { ...caller, groups: caller.groups.filter((group) => policy.groups.has(group)) };
}

/**
 * A rule matches when the caller is one of its users, or in one of its groups: primary or supplementary. A deny matches
 * also when that holds, by the account database, of the caller or of a user who can be the caller's uid (subuid(5)).
 */
export function matchRules(network: NetworkPolicy, { uid, gid, groups }: Credentials): Matches {
  const { anyone, byUid, byGid, identities } = network;
  const found = new Set([anyone]);
  const add = (list: RuleList | undefined) => list !== undefined && found.add(list);
  add(byUid.get(uid));
  if (byGid.size > 0) {
    add(byGid.get(gid));
    for (const group of groups) add(byGid.get(group));
    for (const group of identities.deniedGroups.get(uid) ?? none) add(byGid.get(group)?.denial);
  }
  for (const owner of identities.subordinates.ownersOf(uid)) {
    add(byUid.get(owner)?.denial);
    for (const group of identities.deniedGroups.get(owner) ?? none) add(byGid.get(group)?.denial);
  }
  return [...found];
}

/**
 * The forms that the caller may have: of some allow, and of no deny. A deny without form[] denies every form, one with
 * form[] those alone. None left means no access at all, and the caller learns nothing of the network.
 */
export function permittedForms(matches: Matches): FormSet {
  let [permitted, taken] = [0, 0];
  for (const { allowed, denied } of matches) {
    permitted |= allowed;
    taken |= denied;
  }
  return permitted & ~taken;
}

/** Every allow (deny) once, in the order of names; found as far as they are asked for. */
export function* rulesByName(matches: Matches, effect: 'allows' | 'denies'): Generator<PolicyRule, undefined> {
  const heads = matches.map((list) => ({ rules: list[effect], next: 0 })).filter(({ rules }) => rules.length > 0);
  for (;;) {
    let first: PolicyRule | undefined;
    for (const { rules, next } of heads) {
      const rule = rules[next];
      if (rule !== undefined && (first === undefined || rule.rule.name < first.rule.name)) first = rule;
    }
    if (first === undefined) return undefined;
    for (const head of heads) if (head.rules[head.next] === first) head.next++;
    yield first;
  }
}
