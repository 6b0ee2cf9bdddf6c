/** Checks that need a tool of the system: manual pages, systemd units. Without the tool they are skipped. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';

function missing(tool: string, remedy: string): string | false {
  return spawnSync(tool, ['--version']).error === undefined ? false : `${tool} is missing: ${remedy}`;
}

t.test('manual pages', { skip: missing('mandoc', 'apt-get install mandoc') }, async (t) => {
  const pages = readdirSync('docs/man').filter((name) => /\.[1-8]$/.test(name));
  t.same(pages.sort(), ['fdbroker-helper.8', 'fdbroker-switchd.8', 'fdbroker.1', 'fdbroker.ini.5', 'fdbrokerd.8']);
  for (const page of pages) {
    const run = spawnSync('mandoc', ['-Tlint', '-Wwarning', `docs/man/${page}`], { encoding: 'utf8' });
    t.equal(run.stdout + run.stderr, '', page);
  }
});

t.test('systemd units', { skip: missing('systemd-analyze', 'apt-get install systemd') }, async (t) => {
  const folder = t.testdir();
  for (const program of [
    'bin/fdbroker',
    'sbin/fdbrokerd',
    'sbin/fdbroker-switchd',
    'lib/fdbroker/native/fdbroker-keeper',
  ]) {
    mkdirSync(`${folder}/${dirname(program)}`, { recursive: true });
    writeFileSync(`${folder}/${program}`, '#!/bin/sh\n', { mode: 0o755 });
  }
  const units = readdirSync('conf/systemd').map((name) => {
    const unit = readFileSync(`conf/systemd/${name}`, 'utf8').replaceAll('@PREFIX@', folder);
    writeFileSync(`${folder}/${name}`, unit);
    return `${folder}/${name}`;
  });
  const run = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], { encoding: 'utf8' });
  t.equal(run.stderr, '');
  t.equal(run.status, 0);
  for (const [service, threshold] of [
    ['fdbroker', 25],
    ['fdbroker-switch', 15],
    ['fdbroker-keeper', 20],
  ]) {
    const security = ['security', '--offline=true', `--threshold=${threshold}`, `${folder}/${service}.service`];
    t.equal(spawnSync('systemd-analyze', security).status, 0, `${service}: tenths of an exposure`);
  }
});

t.test('the launcher gives V8 the flags that broker and switch ask for', async (t) => {
  const flags = (path: string) =>
    readFileSync(path, 'utf8').match(/--(jitless|no-expose-wasm|max-semi-space-size=\d+)/g);
  t.same(flags('build/fdbrokerd'), flags('src/broker/confine.ts'));
  t.same(flags('build/fdbroker-switchd'), flags('src/switchd/confine.ts'));
});
