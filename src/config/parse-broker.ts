/** The section [broker]. */
import type { BrokerSettings } from '../core/config.js';
import type { AccountParsers } from './accounts.js';
import type { ErrorList } from './errors.js';
import { Fields, type Shape } from './fields.js';
import type { Section } from './scan.js';
import { parseAbsolutePath, parseInteger, parseSocketMode } from './values.js';

const shape = {
  'socket-group': 'one',
  'socket-mode': 'one',
  'admin-group': 'one',
  'audit-file': 'one',
  'max-connections': 'one',
  'spare-taps': 'one',
} as const satisfies Shape;

/** What holds where [broker] says nothing. */
export const defaultSettings: BrokerSettings = { socketMode: 0o660, maxConnections: 256, spareTaps: 16 };

export function parseBroker(section: Section, accounts: AccountParsers, errors: ErrorList): BrokerSettings {
  const fields = new Fields(section, shape, errors);
  const socketGroup = fields.one('socket-group', accounts.group);
  const adminGroup = fields.one('admin-group', accounts.group);
  const auditFile = fields.one('audit-file', parseAbsolutePath);
  return {
    socketMode: fields.one('socket-mode', parseSocketMode) ?? defaultSettings.socketMode,
    maxConnections: fields.one('max-connections', parseInteger(1, 4096)) ?? defaultSettings.maxConnections,
    spareTaps: fields.one('spare-taps', parseInteger(0, 16)) ?? defaultSettings.spareTaps,
    ...(socketGroup === undefined ? {} : { socketGroup }),
    ...(adminGroup === undefined ? {} : { adminGroup }),
    ...(auditFile === undefined ? {} : { auditFile }),
  };
}
