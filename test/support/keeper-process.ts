/** The keepers that run, by the path at which they listen. */
import { readFileSync } from 'node:fs';
import { sh } from './namespace.js';

/** @returns their process ids. */
export function keepersAt(path: string): number[] {
  const lines = sh('ss -xlp')
    .split('\n')
    .filter((line) => line.includes(path));
  const pids = lines.flatMap((line) => [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)));
  return [...new Set(pids)].filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('fdbroker-keeper'));
}
