/** A Node that is older than the programs need is refused in a sentence, by what starts them and by what builds them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { inProject } from '../support/project.js';
import { temporaryFolder } from '../support/temporary.js';

/** Runs the program where this is the Node that is found; undefined: none is. Says `started` when it starts Node. */
function runWith(t: Test, version: string | undefined, program: string, ...args: string[]) {
  const folder = temporaryFolder(t);
  const tools = `${folder}/tools`;
  mkdirSync(tools);
  for (const tool of ['dirname', 'readlink', 'sort']) {
    writeFileSync(`${tools}/${tool}`, `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`, { mode: 0o755 });
  }
  const node = `#!/bin/sh\nif [ "$*" = --version ]; then echo ${version}; else echo started; fi\n`;
  if (version !== undefined) writeFileSync(`${tools}/node`, node, { mode: 0o755 });
  return spawnSync(inProject(program), args, { encoding: 'utf8', env: { PATH: tools } });
}

const old = ['v12.22.9', 'v18.19.0', 'v20.9.0', 'v20.18.3', undefined];
const good = ['v20.19.0', 'v20.20.2', 'v21.0.0', 'v22.12.0', 'v100.1.0-nightly20260101'];

for (const name of ['fdbroker', 'fdbrokerd']) {
  t.test(name, async (t) => {
    for (const version of old) {
      const { status, stdout, stderr } = runWith(t, version, `build/${name}`, '--help');
      t.equal(status, 1, version ?? 'none');
      t.equal(stdout, '');
      t.equal(
        stderr,
        `${name}: Node 20.19 or later is needed, and here is ${version ?? 'v0.0 (none)'}: install one, first in PATH\n`,
      );
    }
    for (const version of good) {
      t.match(runWith(t, version, `build/${name}`), { status: 0, stdout: 'started\n', stderr: '' }, version);
    }
  });
}

t.test('building', async (t) => {
  for (const version of old) {
    const { status, stderr } = runWith(t, version, 'conf/make/check-node.sh', '20.19');
    t.equal(status, 1, version ?? 'none');
    t.match(stderr, /^Building fdbroker needs Node 20\.19 or later, and here is v.*nodejs\.org.*\n$/);
  }
  for (const version of good) {
    t.match(runWith(t, version, 'conf/make/check-node.sh', '20.19'), { status: 0, stderr: '' }, version);
  }
});
