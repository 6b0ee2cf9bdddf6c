/** The verdict with everything that led to it, and what would have to change: for the administrator, not the client. */
import type { Credentials } from '../core/credentials.js';
import type { Mac } from '../core/mac.js';
import { whyNotOffered } from '../core/offered-forms.js';
import { plural } from '../core/plural.js';
import { isSwitchedNetwork } from '../core/switched.js';
import { type CaptureRule, decideCapture } from './capture.js';
import { type Ask, type Denial, decide, type Usage } from './decide.js';
import { ruleReference, ruleText } from './denial.js';
import { hasForm } from './form-set.js';
import { matchRules, rulesByName } from './match.js';
import type { NetworkPolicy, Policy, PolicyRule } from './policy.js';

export interface MatchingRule {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly effect: 'allow' | 'deny';
  /**
   * Why it matches: `anyone`, `uid 1000`, `primary group tom`, `supplementary group kvm`; of a deny also `group kvm by
   * the account database`, and what matches the owner of a subordinate uid.
   */
  readonly because: readonly string[];
}

export interface Explanation {
  /** denied: no access at all. refused: access, but not to this form or address, or no such form. */
  readonly verdict: 'allowed' | 'denied' | 'refused';
  /** The rule that made the verdict; undefined when none did. */
  readonly rule?: { readonly name: string; readonly file: string; readonly line: number };
  /** One sentence, without a full stop. */
  readonly why: string;
  /** Every rule that matches the caller and the network: denies first, then by name. */
  readonly matching: readonly MatchingRule[];
  /** Whether the caller may capture the frames of a network that the switch carries, by which rule, and why, a sentence. */
  readonly capture?: { readonly rule?: CaptureRule; readonly why: string };
  /** What would have to change, or what limits an allowed request: sentences without a full stop. */
  readonly advice: readonly string[];
  /** The address of the caller's first port on the network, when allowed. */
  readonly mac?: Mac;
}

/** What is explained. */
interface Case {
  readonly policy: Policy;
  readonly caller: Credentials;
  readonly ask: Ask;
  /** A group as the administrator knows it. */
  readonly group: (gid: number) => string;
}

const nothingInUse: Usage = { portsOf: () => 0, macInUse: () => false };
/** More examples than this help nobody. */
const shown = 5;

/**
 * The same decision as a request would meet while the caller has no port and every address is free.
 *
 * @param groupName for the words; a group without one is shown as its number.
 */
export function explain(
  policy: Policy,
  caller: Credentials,
  ask: Ask,
  groupName: (gid: number) => string | undefined = () => undefined,
): Explanation {
  const explanation = explainOpen(policy, caller, ask, groupName);
  const configured = policy.networks.get(ask.network)?.network;
  if (configured === undefined || !isSwitchedNetwork(configured)) return explanation;
  return decideCapture(policy, caller, ask.network).match<Explanation>(
    (rule) => ({ ...explanation, capture: { rule, why: `[rule ${rule.name}] (${rule.file}:${rule.line}) allows it` } }),
    ({ kind, reason }) => (kind === 'access' ? explanation : { ...explanation, capture: { why: reason } }),
  );
}

function explainOpen(
  policy: Policy,
  caller: Credentials,
  ask: Ask,
  groupName: (gid: number) => string | undefined,
): Explanation {
  const one: Case = { policy, caller, ask, group: (gid) => groupName(gid) ?? String(gid) };
  const network = policy.networks.get(ask.network);
  const matching = network === undefined ? [] : matchingRules(network, caller);
  const describe = () => matching.map((rule) => describeRule(rule, one));
  // Nobody gets a form that the network does not offer, whatever the rules say
  const missing = network === undefined ? undefined : whyNotOffered(network.network, ask.form);
  const verdict = decide(policy, caller, ask, nothingInUse);
  if (missing !== undefined && (verdict.isOk() || verdict.error.kind !== 'access'))
    return { verdict: 'refused', why: missing.why, matching: describe(), advice: [missing.advice] };
  return verdict.match<Explanation>(
    ({ rule, mac }) => {
      const found = matching.find(({ rule: { name } }) => name === rule.name) as PolicyRule;
      const why = `${ruleText(found)} allows it`;
      return { verdict: 'allowed', rule, why, mac, matching: describe(), advice: limits(found, caller, policy) };
    },
    (denial) => ({
      verdict: denial.kind === 'access' ? 'denied' : 'refused',
      ...(denial.rule === undefined ? {} : { rule: denial.rule }),
      why: denial.reason,
      matching: describe(),
      advice: [
        ...(network === undefined ? addNetwork(policy, ask) : remedies(one, network, denial)),
        ...(missing === undefined ? [] : [`${missing.advice}: ${missing.why}`]),
      ],
    }),
  );
}

function matchingRules(network: NetworkPolicy, caller: Credentials): PolicyRule[] {
  const matches = matchRules(network, caller);
  return [...rulesByName(matches, 'denies'), ...rulesByName(matches, 'allows')];
}

function describeRule(rule: PolicyRule, one: Case): MatchingRule {
  return { ...ruleReference(rule), effect: rule.rule.effect, because: because(rule, one) };
}

function because({ rule }: PolicyRule, one: Case): string[] {
  const { caller, policy } = one;
  const reported = becauseReported(rule, one);
  if (rule.effect === 'allow') return reported;
  const seen = (gid: number) => gid === caller.gid || caller.groups.includes(gid);
  const byDatabase = (uid: number) => (policy.deniedGroups.get(uid) ?? []).filter((gid) => rule.groups.includes(gid));
  const shed = byDatabase(caller.uid).filter((gid) => !seen(gid));
  const owners = policy.subordinates
    .ownersOf(caller.uid)
    .flatMap((owner) => [
      ...(rule.users.includes(owner) ? [`uid ${owner}`] : []),
      ...byDatabase(owner).map((gid) => `group ${one.group(gid)} of uid ${owner}`),
    ]);
  return [
    ...reported,
    ...shed.map((gid) => `group ${one.group(gid)} by the account database`),
    ...owners.map((owner) => `${owner}, whose subordinate uid it is`),
  ];
}

function becauseReported({ users, groups }: PolicyRule['rule'], { caller, group }: Case): string[] {
  const supplementary = new Set(caller.groups.filter((gid) => gid !== caller.gid && groups.includes(gid)));
  return [
    ...(users.includes('*') ? ['anyone'] : []),
    ...(users.includes(caller.uid) ? [`uid ${caller.uid}`] : []),
    ...(groups.includes(caller.gid) ? [`primary group ${group(caller.gid)}`] : []),
    ...[...supplementary].map((gid) => `supplementary group ${group(gid)}`),
  ];
}

function limits({ rule: { maxPorts, networks } }: PolicyRule, { uid }: Credentials, policy: Policy): string[] {
  if (maxPorts === undefined) return [];
  const account = policy.subordinates.accountOf(uid);
  const shared = account === uid ? '' : `, counted with those of uid ${account}`;
  return [
    `at most ${plural(maxPorts, 'port')} over ${networks.join(', ')} together${shared}; ports in use are not counted here`,
  ];
}

function addNetwork(policy: Policy, { network }: Ask): string[] {
  const names = [...policy.networks.keys()];
  const there = names.length === 0 ? 'there is none yet' : `there are ${names.slice(0, 20).join(', ')}`;
  return [`add a section [network ${network}], or name one that is there: ${there}${names.length > 20 ? ' …' : ''}`];
}

function remedies(one: Case, network: NetworkPolicy, denial: Denial): string[] {
  const { caller, ask } = one;
  if (denial.kind === 'mac') return [denial.message];
  const rules = matchingRules(network, caller);
  const allows = rules.filter(({ rule }) => rule.effect === 'allow');
  const inTheWay = rules.filter(({ rule, forms }) => rule.effect === 'deny' && hasForm(forms, ask.form));
  const advice = inTheWay.map(
    (rule) => `${ruleText(rule)} must no longer match ${because(rule, one).join(', ')}; a deny always wins`,
  );
  if (allows.some(({ forms }) => hasForm(forms, ask.form))) return advice;
  const narrow = allows.map((rule) => `${ruleText(rule)} must allow the form too: add form[] = ${ask.form}`);
  return [...advice, ...(narrow.length > 0 ? narrow : grant(network, one))];
}

/** How a caller for whom no rule allows the network would get it. */
function grant({ anyone, byUid, byGid }: NetworkPolicy, { caller: { uid }, ask, group }: Case): string[] {
  const { network, form } = ask;
  const lists = [anyone, ...byUid.values(), ...byGid.values()];
  const near = [...rulesByName(lists, 'allows')].filter(({ forms }) => hasForm(forms, form)).slice(0, shown);
  return [
    ...near.map((one) => {
      const { groups } = one.rule;
      const join =
        groups.length > 0 ? `, or put the user into group ${groups.slice(0, shown).map(group).join(' or ')}` : '';
      return `${ruleText(one)} allows it to others: add user[] = ${uid} to it${join}`;
    }),
    `${near.length > 0 ? 'or ' : ''}add a rule with effect = allow, user[] = ${uid} and network[] = ${network}`,
  ];
}
