// Installs the npm packages exactly as package-lock.json has them, and fails when npm would choose otherwise.
// npm ci cannot do it: some platforms' packages of node-unix-socket are in no registry, so no lock is complete.
import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { readFileSync, writeFileSync } from 'node:fs';

const lock = 'package-lock.json';

/** What is installed where: other fields of the lock differ from one version of npm to the next. */
function chosen(text) {
  return Object.entries(JSON.parse(text).packages)
    .slice(1)
    .map(([path, entry]) => `${path} ${entry.version} ${entry.integrity ?? ''}`)
    .sort();
}

/** npm says nothing while it tries again and again, for ten minutes where there is no network. */
async function warnWithoutNetwork() {
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' });
  const registry = stdout?.trim() ?? '';
  if (!URL.canParse(registry)) return;
  const host = new URL(registry).hostname;
  await lookup(host).catch(({ code }) =>
    console.error(`${host} cannot be looked up (${code}). Without network or a proxy npm gives up after ten minutes.`),
  );
}

await warnWithoutNetwork();
const before = readFileSync(lock, 'utf8');
const run = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { stdio: 'inherit' });
const after = readFileSync(lock, 'utf8');
if (after !== before) writeFileSync(lock, before);
if (run.status !== 0) {
  console.error(`npm install failed: ${run.error?.message ?? `status ${run.status}`}`);
  process.exit(1);
}
const old = new Set(chosen(before));
const changed = chosen(after).filter((line) => !old.has(line));
if (changed.length > 0 || chosen(after).length !== old.size) {
  console.error(`${lock} does not fit package.json. It was left as it was; npm would have changed:`);
  for (const line of changed) console.error(`  ${line}`);
  console.error('If package.json was changed on purpose, run "make lock" and commit both files.');
  process.exit(1);
}
