/** A section [rule NAME]. */
import type { Rule } from '../core/config.js';
import { forms } from '../core/form.js';
import { parseNetworkName } from '../core/names.js';
import type { AccountParsers } from './accounts.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import type { Section } from './scan.js';
import { parseGuestPrefix, parseInteger, parseOneOf, parseYesNo } from './values.js';

const shape = {
  effect: 'one',
  user: 'list',
  group: 'list',
  network: 'list',
  form: 'list',
  'max-ports': 'one',
  'max-queues': 'one',
  vhost: 'one',
  mac: 'one',
  capture: 'one',
} as const satisfies Shape;

/** What a rule gives; a deny gives nothing. */
const gifts = ['max-ports', 'max-queues', 'vhost', 'mac', 'capture'] as const;

/** @returns undefined when the section has errors. */
export function parseRule(
  section: Section,
  name: string,
  accounts: AccountParsers,
  errors: ErrorList,
): Rule | undefined {
  const before = errors.count;
  const fields = new Fields(section, shape, errors);
  if (!fields.has('effect')) fields.refuse('has no effect; write effect = allow or effect = deny');
  if (!fields.has('user') && !fields.has('group')) {
    fields.refuse('is for nobody; write user[] = NAME or group[] = NAME, or user[] = * for anyone');
  }
  if (!fields.has('network')) fields.refuse('has no network; write network[] = NAME for each that it is about');
  const effect = fields.one('effect', parseOneOf('allow', 'deny'));
  if (effect === 'deny') {
    for (const key of gifts) fields.refuseKey(key, 'is for effect = allow; a deny gives nothing, leave the line out');
  }
  const formList = fields.list('form', parseOneOf(...forms));
  const maxPorts = fields.one('max-ports', parseInteger(1, 65_535));
  const maxQueues = fields.one('max-queues', parseInteger(1, 256));
  const mac = fields.one('mac', parseGuestPrefix);
  const capture = fields.one('capture', parseYesNo);
  const rule = {
    users: fields.list('user', accounts.user),
    groups: fields.list('group', effect === 'deny' ? accounts.deniedGroup : accounts.group),
    networks: fields.list('network', parseNetworkName),
    ...(fields.has('form') ? { forms: formList } : {}),
    ...(maxPorts === undefined ? {} : { maxPorts }),
    ...(maxQueues === undefined ? {} : { maxQueues }),
    vhost: fields.one('vhost', parseOneOf('no', 'yes', 'auto')) ?? 'no',
    ...(mac === undefined ? {} : { mac }),
    ...(capture === undefined ? {} : { capture }),
  };
  if (effect === undefined || errors.count > before) return undefined;
  return { name, origin: section.origin, effect, ...rule };
}
