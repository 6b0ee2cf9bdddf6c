/** Where a program lies, as execvp(3) finds it, so that nothing is asked for a program that is not there. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { type ExitStatus, exitStatus } from './exit-status.js';

export interface NotFound {
  readonly what: string;
  readonly status: ExitStatus;
}

const standardPath = '/usr/local/bin:/usr/bin:/bin';

/** @param search as $PATH. */
export function findProgram(name: string, search = standardPath): Result<string, NotFound> {
  if (name.includes('/')) {
    const state = stateOf(name);
    return state === 'runs' ? ok(name) : err(notFound(name, state));
  }
  const places = search.split(':').map((folder) => path.join(folder === '' ? '.' : folder, name));
  const found = name === '' ? undefined : places.find((file) => stateOf(file) === 'runs');
  if (found !== undefined) return ok(found.includes('/') ? found : `./${found}`);
  const closed = places.find((file) => stateOf(file) === 'closed');
  return err(closed === undefined || name === '' ? notFound(name, 'missing') : notFound(closed, 'closed'));
}

function notFound(name: string, state: 'closed' | 'missing'): NotFound {
  return state === 'closed'
    ? { what: `${name} may not be run: it is no program, or not for you`, status: exitStatus.cannotRun }
    : { what: `there is no program ${JSON.stringify(name)}`, status: exitStatus.noProgram };
}

function stateOf(file: string): 'runs' | 'closed' | 'missing' {
  try {
    if (!statSync(file).isFile()) return 'closed';
    accessSync(file, constants.X_OK);
    return 'runs';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'closed' : 'missing';
  }
}
