/** Which control socket to ask. fdbroker-helper chooses in the same order. */
import { lstatSync } from 'node:fs';
import path from 'node:path';

export const systemSocket = '/run/fdbroker/control';

/** The choice, with the environment's word for it when there was a choice. */
export interface SocketChoice {
  readonly path: string;
  /** Another place that was looked at and has no socket; for the error message. */
  readonly alsoTried?: string;
}

/**
 * `option`, else $FDBROKER_SOCKET, else the system's socket, else, when there is none, the user's own in
 * $XDG_RUNTIME_DIR. Empty values count as not given.
 */
export function chooseSocket(option: string | undefined, env: NodeJS.ProcessEnv, system = systemSocket): SocketChoice {
  const named = option || env['FDBROKER_SOCKET'];
  if (named) return { path: named };
  const runtime = env['XDG_RUNTIME_DIR'];
  if (!runtime || !isMissing(system)) return { path: system };
  const own = path.join(runtime, 'fdbroker', 'control');
  return isMissing(own) ? { path: system, alsoTried: own } : { path: own };
}

/** Only what is certainly not there: a directory that may not be searched is no reason to ask another broker. */
function isMissing(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
