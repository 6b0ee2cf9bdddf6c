/** The rules, laid out so that those which concern a caller and a network are found without a look at the others. */
import type { Config, Network, Rule } from '../core/config.js';
import { type MacPrefix, parseMacPrefix } from '../core/mac.js';
import type { NetworkName } from '../core/names.js';
import { everyForm, type FormSet, formSet } from './form-set.js';
import { Subordinates } from './subordinates.js';

/** A rule as deciding needs it. */
export interface PolicyRule {
  readonly rule: Rule;
  /** The forms that it allows or denies: every form where the rule names none. */
  readonly forms: FormSet;
  readonly networks: ReadonlySet<NetworkName>;
  readonly mac: MacPrefix;
}

/** The rules that name one network and one user, one group, or anyone; ordered by name. */
export interface RuleList {
  readonly allows: readonly PolicyRule[];
  readonly denies: readonly PolicyRule[];
  /** Forms of any of the allows, of any of the denies. */
  readonly allowed: FormSet;
  readonly denied: FormSet;
  /** The same without the allows, where there are denies: for who may be the one that they mean. */
  readonly denial?: RuleList;
}

/** Who a caller may be besides what the kernel reports. */
interface Identities {
  readonly subordinates: Subordinates;
  /** The groups of a uid by the account database, of those that a deny names. */
  readonly deniedGroups: ReadonlyMap<number, readonly number[]>;
}

export interface NetworkPolicy {
  readonly network: Network;
  readonly identities: Identities;
  readonly anyone: RuleList;
  readonly byUid: ReadonlyMap<number, RuleList>;
  readonly byGid: ReadonlyMap<number, RuleList>;
}

export interface Policy extends Identities {
  readonly networks: ReadonlyMap<NetworkName, NetworkPolicy>;
  /** Every group that the configuration names. */
  readonly groups: ReadonlySet<number>;
}

/** QEMU's own addresses, for a rule that names no prefix. */
const defaultPrefix = parseMacPrefix('52:54:00:00:00:00/24')._unsafeUnwrap();

class Draft implements NetworkPolicy {
  readonly anyone = new DraftList();
  readonly byUid = new Map<number, DraftList>();
  readonly byGid = new Map<number, DraftList>();

  constructor(
    readonly network: Network,
    readonly identities: Identities,
  ) {}

  add(rule: PolicyRule): void {
    for (const user of new Set(rule.rule.users)) {
      if (user === '*') this.anyone.add(rule);
      else listOf(this.byUid, user).add(rule);
    }
    for (const group of new Set(rule.rule.groups)) listOf(this.byGid, group).add(rule);
  }
}

class DraftList implements RuleList {
  readonly allows: PolicyRule[] = [];
  readonly denies: PolicyRule[] = [];
  allowed: FormSet = 0;
  denied: FormSet = 0;
  denial?: RuleList;

  add(rule: PolicyRule): void {
    if (rule.rule.effect === 'deny') {
      this.denies.push(rule);
      this.denied |= rule.forms;
      this.denial = { allows: [], denies: this.denies, allowed: 0, denied: this.denied };
    } else {
      this.allows.push(rule);
      this.allowed |= rule.forms;
    }
  }
}

function listOf(lists: Map<number, DraftList>, id: number): DraftList {
  const list = lists.get(id) ?? new DraftList();
  lists.set(id, list);
  return list;
}

export function compilePolicy(config: Config): Policy {
  const identities = { subordinates: new Subordinates(config.subordinates), deniedGroups: groupsByUid(config) };
  const drafts = new Map<NetworkName, Draft>();
  for (const network of config.networks.values()) drafts.set(network.name, new Draft(network, identities));
  // By name, so that neither a verdict nor an address depends on the order in which rules were written
  for (const rule of [...config.rules].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const compiled = compileRule(rule);
    for (const name of compiled.networks) {
      const draft = drafts.get(name);
      if (draft === undefined)
        throw new Error(`rule ${rule.name} names a network that the configuration does not have`);
      draft.add(compiled);
    }
  }
  const { adminGroup } = config.broker;
  const named = config.rules.flatMap(({ groups }) => groups);
  const groups = new Set(adminGroup === undefined ? named : [...named, adminGroup]);
  return { ...identities, networks: drafts, groups };
}

function groupsByUid({ deniedMembers }: Config): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const [gid, members] of deniedMembers) {
    for (const uid of members) {
      const own = groups.get(uid);
      if (own === undefined) groups.set(uid, [gid]);
      else own.push(gid);
    }
  }
  return groups;
}

function compileRule(rule: Rule): PolicyRule {
  const mac = rule.mac ?? defaultPrefix;
  const forms = rule.forms === undefined ? everyForm : formSet(rule.forms);
  return { rule, forms, networks: new Set(rule.networks), mac };
}
