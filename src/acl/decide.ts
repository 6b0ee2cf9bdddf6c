/**
 * The verdict on a request, and the only module that makes a {@link Permit}. Pure: it knows the rules and what is in
 * use, and nothing of the kernel.
 *
 * A matching deny wins over every allow. What is left of the forms is access; without access there is one sentence and
 * no other question is looked at. Then the form, then queues and vhost, then room under a quota, then the address:
 * permitted when one matching allow says yes to all of them; of several the first by name. The order of the rules never
 * matters.
 */
import { err, ok, type Result } from 'neverthrow';
import type { Network, Vhost } from '../core/config.js';
import type { Credentials } from '../core/credentials.js';
import type { Form } from '../core/form.js';
import { type Mac, type MacWish, macToNumber, prefixHolds } from '../core/mac.js';
import type { NetworkName } from '../core/names.js';
import type { Permit } from '../core/permit.js';
import { isSwitchedNetwork } from '../core/switched.js';
import { chooseMac } from './choose-mac.js';
import * as deny from './denial.js';
import { formsOf, hasForm } from './form-set.js';
import { type Matches, matchRules, permittedForms, rulesByName } from './match.js';
import type { NetworkPolicy, Policy, PolicyRule } from './policy.js';

export type Denial = deny.Denial;

export interface Ask {
  readonly network: NetworkName;
  readonly form: Form;
  /**
   * The address that the guest is going to have. `any`: whichever is chosen; left out: the same, but nobody promises
   * that the guest will be told, and so a network that locks addresses must not choose.
   */
  readonly mac?: MacWish;
  /** Queues of the port; left out: 1. */
  readonly queues?: number;
  /** left out: no. */
  readonly vhost?: Vhost;
}

/** What is in use at the moment of the decision. */
export interface Usage {
  /** Ports of a user on these networks together. */
  portsOf(uid: number, networks: ReadonlySet<NetworkName>): number;
  /** @param address as a 48-bit number, first byte on the wire most significant. */
  macInUse(address: number): boolean;
}

export function decide(policy: Policy, caller: Credentials, ask: Ask, usage: Usage): Result<Permit, Denial> {
  const network = policy.networks.get(ask.network);
  if (network === undefined) return err(deny.accessDenial(caller.uid, ask.network, 'there is no such network'));
  const matches = matchRules(network, caller);
  const permitted = permittedForms(matches);
  if (permitted === 0) return err(noAccess(matches, caller, ask));
  if (!hasForm(permitted, ask.form)) {
    const rule = [...rulesByName(matches, 'denies')].find(({ forms }) => hasForm(forms, ask.form));
    return err(deny.formDenial(ask.network, ask.form, formsOf(permitted), rule));
  }
  const manyQueues = ask.form === 'tap' && !isSwitchedNetwork(network.network);
  if (!manyQueues && (ask.queues ?? 1) > 1) return err(deny.oneQueue(ask.network, ask.form));
  if (ask.vhost === 'yes' && offeredVhost(network.network) === 'no') return err(deny.noVhost(ask.network));
  return decideRule(network, matches, caller, ask, usage).map((found) =>
    makePermit(caller, ask, network.network, found),
  );
}

function noAccess(matches: Matches, { uid, gid }: Credentials, { network, form }: Ask): Denial {
  const nobody = `no rule for uid ${uid}, gid ${gid} or a supplementary group allows it`;
  const denies = [...rulesByName(matches, 'denies')];
  const rule = denies.find(({ forms }) => hasForm(forms, form)) ?? denies[0];
  if (rule === undefined) return deny.accessDenial(uid, network, nobody);
  const allowed = matches.some(({ allows }) => allows.length > 0);
  const denied = `${denies.map(deny.ruleText).join(' and ')} denies it`;
  return deny.accessDenial(uid, network, allowed ? denied : `${denied}, and ${nobody}`, rule);
}

interface Address {
  readonly mac: Mac;
  readonly rule: PolicyRule;
}

/** An allow whose ports are used up. */
interface Full {
  readonly rule: PolicyRule;
  readonly used: number;
  readonly limit: number;
}

function unusedAddress(mac: Mac, rule: PolicyRule, usage: Usage): Result<Address, Denial> {
  return usage.macInUse(Number(macToNumber(mac))) ? err(deny.addressInUse(mac, rule)) : ok({ mac, rule });
}

function noRoom({ name }: Network, full: readonly Full[]): Denial {
  const { rule, used, limit } = full.reduce((most, one) => (one.limit > most.limit ? one : most));
  return deny.quotaDenial(name, rule, used, limit);
}

function givesDevice({ rule }: PolicyRule, { queues = 1, vhost }: Ask): boolean {
  return queues <= (rule.maxQueues ?? 1) && (vhost !== 'yes' || rule.vhost !== 'no');
}

/** An address that the guest is not told would shut it out. */
function mustName(network: Network, { mac }: Ask): boolean {
  return mac === undefined && 'lockMac' in network && network.lockMac;
}

/** The first allow, by name, with this form, room, and an address; there is one with this form at least. */
function decideRule(
  { network }: NetworkPolicy,
  matches: Matches,
  { uid }: Credentials,
  ask: Ask,
  usage: Usage,
): Result<Address, Denial> {
  const { form } = ask;
  const mac = ask.mac === 'any' ? undefined : ask.mac;
  const short: PolicyRule[] = [];
  const full: Full[] = [];
  const withRoom: PolicyRule[] = [];
  for (const rule of rulesByName(matches, 'allows')) {
    if (!hasForm(rule.forms, form)) continue;
    if (!givesDevice(rule, ask)) {
      short.push(rule);
      continue;
    }
    const limit = rule.rule.maxPorts;
    const used = limit === undefined ? 0 : usage.portsOf(uid, rule.networks);
    if (limit !== undefined && used >= limit) {
      full.push({ rule, used, limit });
      continue;
    }
    withRoom.push(rule);
    if (mac !== undefined) {
      if (prefixHolds(rule.mac, mac)) return unusedAddress(mac, rule, usage);
      continue;
    }
    const given = chooseMac(rule.mac, uid, network.name, (address) => usage.macInUse(address));
    if (given === undefined) continue;
    return mustName(network, ask) ? err(deny.addressNeeded(network.name, given, rule)) : ok({ mac: given, rule });
  }
  const [first] = withRoom;
  if (first === undefined) return err(full.length === 0 ? deny.tooMuch(ask, short) : noRoom(network, full));
  return err(mac === undefined ? deny.noAddressLeft(first) : deny.outsidePrefix(mac, withRoom));
}

function makePermit({ uid, gid }: Credentials, ask: Ask, network: Network, { mac, rule }: Address): Permit {
  const { form, queues = 1 } = ask;
  const vhost = givenVhost(ask.vhost ?? 'no', offeredVhost(network), rule.rule.vhost);
  return { uid, gid, network: network.name, form, mac, queues, vhost, rule: deny.ruleReference(rule) } as Permit;
}

/** Only what has a tap's kernel side has vhost. */
export function offeredVhost(network: Network): Vhost {
  return 'vhost' in network ? network.vhost : 'no';
}

/** Nobody gets what was not asked for, or what network or rule do not give; what one of the three insists on is a must. */
export function givenVhost(...[asked, offered, allowed]: [Vhost, Vhost, Vhost]): Vhost {
  if (asked === 'no' || offered === 'no' || allowed === 'no') return 'no';
  return asked === 'yes' || offered === 'yes' || allowed === 'yes' ? 'yes' : 'auto';
}
