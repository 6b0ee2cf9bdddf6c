/** Which configuration is meant, and whose it must be. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Arguments } from './command.js';
import type { World } from './world.js';

const systemConfig = '/etc/fdbroker/fdbroker.ini';

export interface ConfigChoice {
  readonly file: string;
  /** Who must own it, as the broker would demand: 0, or the user whose own it is. */
  readonly owner: number;
}

/**
 * The file that is named; else the system's, for root or where there is one; else, and with --user-mode, the user's
 * own in $XDG_CONFIG_HOME.
 */
export function chooseConfig(named: string | undefined, args: Arguments, world: World): ConfigChoice {
  if (named !== undefined) return { file: named, owner: path.resolve(named) === systemConfig ? 0 : world.uid };
  const system = world.uid === 0 || existsSync(systemConfig);
  if (system && args['user-mode'] !== true) return { file: systemConfig, owner: 0 };
  const home = world.env['XDG_CONFIG_HOME'] || path.join(homedir(), '.config');
  return { file: path.join(home, 'fdbroker', 'fdbroker.ini'), owner: world.uid };
}
