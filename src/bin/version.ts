/** The package's version, from the nearest package.json above this file: the source tree's or the installed one. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export function readVersion(from = import.meta.dirname): string {
  const file = path.join(from, 'package.json');
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  const above = path.dirname(from);
  if (above === from) throw new Error('no package.json above the program');
  return readVersion(above);
}
