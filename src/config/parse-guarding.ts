/** The keys of a network by which its guests are kept from each other, and from addresses of others. */
import type { Guarding } from '../core/config.js';
import type { Fields } from './fields.js';
import { parseYesNo } from './values.js';

export const guardingShape = { isolated: 'one', 'lock-mac': 'one' } as const;

export function parseGuarding(fields: Fields<typeof guardingShape>): Guarding {
  return {
    isolated: fields.one('isolated', parseYesNo) ?? false,
    lockMac: fields.one('lock-mac', parseYesNo) ?? false,
  };
}
