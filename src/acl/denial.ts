/** Why a request was not permitted: one text for the audit log and one for the client. */
import type { Vhost } from '../core/config.js';
import type { Form } from '../core/form.js';
import { formatMacPrefix, type Mac } from '../core/mac.js';
import type { NetworkName } from '../core/names.js';
import { plural } from '../core/plural.js';
import type { PolicyRule } from './policy.js';

/** access: no way to this network at all. The others are told only to a caller who has access. */
type DenialKind = 'access' | 'form' | 'device' | 'quota' | 'mac';

export interface Denial {
  readonly tag: 'denied';
  readonly kind: DenialKind;
  /** For the audit log and the administrator. */
  readonly reason: string;
  /** For the client: one sentence that says what to do. */
  readonly message: string;
  /** The rule that stood in the way, where one did. */
  readonly rule?: { readonly name: string; readonly file: string; readonly line: number };
}

/**
 * What a caller without access is told. It is made of the request alone, so it cannot tell whether the network exists,
 * whether a rule denies it, or whether no rule speaks of it.
 */
export function accessSentence(uid: number, network: NetworkName): string {
  return (
    `no rule lets uid ${uid} use network "${network}"; "fdbroker networks" lists what you may use, and an administrator ` +
    `finds the reason with "fdbroker explain --user ${uid} --network ${network}"`
  );
}

export function ruleReference({ rule: { name, origin } }: PolicyRule): NonNullable<Denial['rule']> {
  return { name, file: origin.file, line: origin.line };
}

/** `[rule ci] (/etc/fdbroker/fdbroker.ini:12)`. */
export function ruleText({ rule: { name, origin } }: PolicyRule): string {
  return `[rule ${name}] (${origin.file}:${origin.line})`;
}

function denial(kind: DenialKind, reason: string, message: string, rule?: PolicyRule): Denial {
  return { tag: 'denied', kind, reason, message, ...(rule === undefined ? {} : { rule: ruleReference(rule) }) };
}

export function accessDenial(uid: number, network: NetworkName, reason: string, rule?: PolicyRule): Denial {
  return denial('access', reason, accessSentence(uid, network), rule);
}

/** @param permitted what the caller may have instead; not empty. */
export function formDenial(network: NetworkName, form: Form, permitted: readonly Form[], rule?: PolicyRule): Denial {
  const why = rule === undefined ? 'no rule that matches allows it' : `${ruleText(rule)} denies it`;
  const reason = `form ${form} on network "${network}": ${why}`;
  return denial(
    'form',
    reason,
    `network "${network}" is not yours as form ${form}; ask for ${permitted.join(' or ')}`,
    rule,
  );
}

export function noVhost(network: NetworkName): Denial {
  const reason = `network "${network}" has vhost = no`;
  return denial('device', reason, `network "${network}" is given without vhost; ask without it, or with vhost=auto`);
}

/** Only a tap has several descriptors of one device. @param form another one than tap. */
export function oneQueue(network: NetworkName, form: Form): Denial {
  const message = `network "${network}" has one queue in form ${form}; ask without queues=, or with queues=1`;
  return denial('device', `several queues on network "${network}" in form ${form}`, message);
}

interface Asked {
  readonly network: NetworkName;
  readonly queues?: number;
  readonly vhost?: Vhost;
}

/** @param rules those that would do but for the number of queues or vhost; one at least. */
export function tooMuch({ network, queues = 1, vhost = 'no' }: Asked, rules: readonly PolicyRule[]): Denial {
  const most = Math.max(...rules.map(({ rule }) => rule.maxQueues ?? 1));
  const named = rules.map(ruleText).join(', ');
  return queues > most
    ? denial(
        'device',
        `${plural(queues, 'queue')} on network "${network}": max-queues of ${named} is ${most}`,
        `you may have ${plural(most, 'queue')} on network "${network}"; ask for no more`,
        rules[0],
      )
    : denial(
        'device',
        `${plural(queues, 'queue')}${vhost === 'yes' ? ' with vhost' : ''} on network "${network}": ${named} has no vhost = yes for so many`,
        `no rule gives you vhost on network "${network}"${queues > 1 ? ` with ${queues} queues` : ''}; ask without it, or with vhost=auto`,
        rules[0],
      );
}

/**
 * The client is not told the rule's other networks: another rule may deny it those.
 * @param rule the one with the most room, which is used up.
 */
export function quotaDenial(network: NetworkName, rule: PolicyRule, used: number, limit: number): Denial {
  const reason = `${ruleText(rule)} allows ${plural(limit, 'port')} over ${[...rule.networks].join(', ')}; ${used} in use`;
  const message =
    `you have ${used} of at most ${plural(limit, 'port')} counted for network "${network}"; end a guest, or give a port back ` +
    'with "fdbroker release GRANT"; "fdbroker ports" lists yours';
  return denial('quota', reason, message, rule);
}

export function outsidePrefix(mac: Mac, rules: readonly PolicyRule[]): Denial {
  const prefixes = [...new Set(rules.map((rule) => formatMacPrefix(rule.mac)))].join(' or ');
  const reason = `address ${mac} is outside ${prefixes} of ${rules.map(ruleText).join(', ')}`;
  return denial(
    'mac',
    reason,
    `the address ${mac} is not yours to use; take one inside ${prefixes}, or name none`,
    rules[0],
  );
}

export function addressInUse(mac: Mac, rule: PolicyRule): Denial {
  const message = `the address ${mac} is in use; take another inside ${formatMacPrefix(rule.mac)}, or name none`;
  return denial('mac', `address ${mac} is in use by another grant`, message, rule);
}

export function noAddressLeft(rule: PolicyRule): Denial {
  const prefix = formatMacPrefix(rule.mac);
  const message = `every address of ${prefix} is in use; end a guest, or have an administrator allow a wider prefix`;
  return denial('mac', `${ruleText(rule)}: every address of ${prefix} is in use`, message, rule);
}

/** @param offer what the broker would give now. */
export function addressNeeded(network: NetworkName, offer: Mac, rule: PolicyRule): Denial {
  const message =
    `network "${network}" locks the MAC address: say --mac=${offer} in helper= and mac=${offer} on the device, ` +
    'or have "fdbroker exec" do both';
  return denial('mac', `network "${network}" has lock-mac = yes and the request named no address`, message, rule);
}
