/** Which switches serve a broker, as ss(8) tells of the socket that they listen on. */
import { readFileSync } from 'node:fs';
import { sh } from './namespace.js';

/**
 * @param socket the broker's.
 * @param run runs a command where the broker is.
 */
export function switchPids(socket: string, run = sh): number[] {
  const lines = run('ss -xlp')
    .split('\n')
    .filter((line) => line.includes(`${socket}.switch`));
  const pids = lines.flatMap((line) => [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)));
  return [...new Set(pids)].filter(isSwitch);
}

/** The broker has that socket too; and any of them may just have ended. */
function isSwitch(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fdbroker-switchd');
  } catch {
    return false;
  }
}
