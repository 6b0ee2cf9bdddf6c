// Prints the folders of the npm packages that an installed fdbroker needs, one to a line.
import { existsSync, readFileSync } from 'node:fs';

/** neverthrow names a bundler's binary among its optional dependencies and never loads it. */
const unused = /^node_modules\/@rollup\//;

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [path, entry] of Object.entries(packages)) {
  if (path !== '' && !entry.dev && !unused.test(path) && existsSync(path)) console.log(path);
}
