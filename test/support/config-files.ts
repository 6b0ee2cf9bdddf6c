/** Configuration files on the disk, as the broker takes them. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { temporaryFolder } from './temporary.js';

/** One network, and users that no host has: one who may use it, one who may not. */
export const goodConfig = `\
[network lan]
type = bridge
bridge = br0

[rule some]
effect = allow
user[] = 0
user[] = 4000000000
network[] = lan
max-ports = 4

[rule not-them]
effect = deny
user[] = 4000000001
network[] = lan
`;

/** With errors in lines 3, 6 and 8. */
export const badConfig = `\
[network lan]
type = bridge
bridge = sixteen-letters-

[rule some]
effect = perhaps
user[] = 0
network[] = lab
`;

/** Writes files into a folder of the test's, with modes that the broker trusts. @returns the folder. */
export function configFolder(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
    chmodSync(file, 0o644);
  }
  return folder;
}
