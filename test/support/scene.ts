/** A decision made in a scene: rules, networks, a caller and what is in use. */
import { decide, type Usage } from '../../src/acl/decide.js';
import { compilePolicy } from '../../src/acl/policy.js';
import type { Network, Rule, Vhost } from '../../src/core/config.js';
import type { Credentials } from '../../src/core/credentials.js';
import type { Form } from '../../src/core/form.js';
import { type MacWish, numberToMac } from '../../src/core/mac.js';
import { allowRule, bridgeNetwork, credentials, mac, name, testConfig } from './policy.js';

export interface Scene {
  readonly rules?: readonly Rule[];
  readonly networks?: readonly Network[];
  readonly caller?: Credentials;
  readonly network?: string;
  readonly form?: Form;
  readonly mac?: string;
  readonly queues?: number;
  readonly vhost?: Vhost;
  /** Ports in use by network, whoever has them. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly taken?: readonly string[];
}

export function decideIn(scene: Scene) {
  const networks = scene.networks ?? [bridgeNetwork(), bridgeNetwork({ name: name('lab') })];
  const usage: Usage = {
    portsOf: (uid, counted) =>
      uid === 1000 ? [...counted].reduce((sum, one) => sum + (scene.ports?.[one] ?? 0), 0) : 0,
    macInUse: (address) => scene.taken?.includes(numberToMac(address)) ?? false,
  };
  const device = { queues: scene.queues ?? 1, vhost: scene.vhost ?? 'no' };
  const ask = { network: name(scene.network ?? 'lan'), form: scene.form ?? 'tap', ...device };
  const wish = (text: string): MacWish => (text === 'any' ? text : mac(text));
  const asked = scene.mac === undefined ? ask : { ...ask, mac: wish(scene.mac) };
  return decide(
    compilePolicy(testConfig(networks, scene.rules ?? [])),
    scene.caller ?? credentials(1000),
    asked,
    usage,
  );
}

export const permit = (scene: Scene) => decideIn(scene)._unsafeUnwrap();
export const denial = (scene: Scene) => decideIn(scene)._unsafeUnwrapErr();
export const allow = (text: string, change: Partial<Rule> = {}) => allowRule({ name: text, ...change });
export const deny = (text: string, change: Partial<Rule> = {}) => allowRule({ name: text, effect: 'deny', ...change });
