/** The real host, on files of the test's own. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { linuxHost } from '../../../src/cli/doctor/linux-host.js';
import { temporaryFolder } from '../../support/temporary.js';

const folder = temporaryFolder(t);
const host = linuxHost({ PATH: `relative:${folder}:/usr/bin:${folder}`, WORD: 'kept', LC_ALL: 'de_DE' });
const at = (name: string) => join(folder, name);
writeFileSync(at('text'), '  a line\n\n');
writeFileSync(at('program'), '#!/bin/sh\necho "$1 $WORD $LC_ALL $(pwd)"; cat; exit 3\n');
chmodSync(at('text'), 0o640);
chmodSync(at('program'), 0o755);
mkdirSync(at('sub'));

t.test('files', async (t) => {
  t.equal(host.read(at('text')), 'a line');
  t.equal(host.read(at('none')), undefined);
  t.equal(host.read(at('sub')), undefined);
  t.same(host.list(folder), ['program', 'sub', 'text']);
  t.equal(host.list(at('text')), undefined);
  const uid = process.geteuid?.();
  t.match(host.stat(at('text')), { kind: 'file', uid, mode: 0o640 });
  t.match(host.stat(at('sub')), { kind: 'folder' });
  t.match(host.stat('/dev/null'), { kind: 'device' });
  t.equal(host.stat(at('none')), undefined);
  t.equal(host.may(at('program'), 'execute'), true);
  t.equal(host.may(at('text'), 'execute'), false);
  t.equal(host.may('/dev/null', 'open'), true);
  t.equal(host.may(at('none'), 'open'), false);
});

t.test('a socket', async (t) => {
  const server = createServer();
  t.teardown(() => server.close());
  await new Promise<void>((listening) => server.listen(at('s'), listening));
  t.match(host.stat(at('s')), { kind: 'socket' });
});

t.test('programs', async (t) => {
  t.same(host.run(at('program'), ['word']), { status: 3, output: 'word kept C /\n' }, 'with nothing to read');
  t.equal(host.run(at('none'), []), undefined);
  t.equal(host.run(at('text'), []), undefined);
  t.same(host.run('/bin/sh', ['-c', 'kill -9 $$']), { status: -1, output: '' });
  t.same(host.path.slice(0, 2), [folder, '/usr/bin'], 'each folder once, and none that depends on where one is');
  t.ok(host.path.includes('/usr/sbin'), 'where ip is');
  t.match(host.machine, /^\w+$/);
});
