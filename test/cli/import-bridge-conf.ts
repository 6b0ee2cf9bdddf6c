import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { configFolder } from '../support/config-files.js';
import { fdbroker } from '../support/fdbroker.js';

t.test('what it prints means the same', async (t) => {
  const bridges = configFolder(t, { 'lost.conf': 'include /nowhere/x\n' });
  const file = path.join(bridges, 'bridge.conf');
  const more = path.join(bridges, 'more.conf');
  writeFileSync(file, `allow br0\ninclude ${more}\n`);
  writeFileSync(more, 'deny br1\nallow br1\n');
  const { status, stdout, stderr } = await fdbroker(['import-bridge-conf', file]);
  t.equal(status, 0);
  t.equal(stderr, '');
  const result = path.join(bridges, 'fdbroker.ini');
  writeFileSync(result, stdout, { mode: 0o644 });
  t.match(
    await fdbroker(['check', result]),
    { status: 0, stdout: /ok: 2 networks, 2 rules/ },
    'what it prints is taken',
  );
  const ask = ['explain', `--config=${result}`, '--user=4000000000'];
  t.equal((await fdbroker([...ask, '--network=br0'])).status, 0);
  t.equal((await fdbroker([...ask, '--network=br1'])).status, 1);
  t.same(JSON.parse((await fdbroker(['import-bridge-conf', file, '--json'])).stdout), {
    file,
    config: stdout,
    notes: [],
  });

  writeFileSync(more, 'deny all\n');
  const noted = await fdbroker(['import-bridge-conf', file, '--json']);
  t.equal(noted.status, 0);
  t.match(noted.stderr, `fdbroker: ${more}:1: deny all`);
  t.match(JSON.parse(noted.stdout), { notes: [{ file: more, line: 1, what: /^deny all/ }] });
  const lost = await fdbroker(['import-bridge-conf', path.join(bridges, 'lost.conf')]);
  t.match(lost, { status: 1, stdout: '', stderr: /lost\.conf:1: include \/nowhere\/x: there is no such file/ });
});
