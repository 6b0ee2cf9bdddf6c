/**
 * A permit says that a rule lets this owner have this network. Opening a network takes nothing else, and
 * acl/decide.ts is the only module that makes one (a test looks for the cast), so policy cannot be skipped by accident.
 */
import type { Form } from './form.js';
import type { Mac } from './mac.js';
import type { NetworkName } from './names.js';

declare const decided: unique symbol;

export interface Permit {
  readonly [decided]: true;
  readonly uid: number;
  readonly gid: number;
  readonly network: NetworkName;
  readonly form: Form;
  /** The guest's address: what the client asked for, or what the broker gives it. */
  readonly mac: Mac;
  /** Descriptors of one device, 1 or more. */
  readonly queues: number;
  /** A vhost-net descriptor for each queue: yes or the request fails; auto: when the host has it; no: never. */
  readonly vhost: 'no' | 'yes' | 'auto';
  /** The rule that allowed it, and where it stands. */
  readonly rule: { readonly name: string; readonly file: string; readonly line: number };
}
