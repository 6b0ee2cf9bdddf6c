/** Sockets beside the control socket, in a folder where the broker may write and in one where it may not. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { closedFolder, listenBeside } from '../../src/broker/socket-folder.js';
import { noNobody } from '../support/nobody.js';
import { temporaryFolder } from '../support/temporary.js';

function folderOf(t: Test): { folder: string; path: string } {
  const folder = temporaryFolder(t);
  return { folder, path: join(folder, 'control.switch') };
}

t.test('its own folder', async (t) => {
  const { path } = folderOf(t);
  t.equal(closedFolder(path), undefined);
  const listener = listenBeside(path)._unsafeUnwrap();
  t.equal(statSync(path).mode & 0o777, 0o600);
  listener.close();
});

t.test('a folder that is not there has no remedy of this kind', async (t) => {
  const { folder } = folderOf(t);
  t.equal(listenBeside(join(folder, 'none', 'control'))._unsafeUnwrapErr().code, 'ENOENT');
});

t.test('a folder that is closed to the broker', async (t) => {
  const { folder, path } = folderOf(t);
  const me = process.geteuid?.() ?? 0;
  chmodSync(folder, 0o555);
  const { status, stdout, stderr } = spawnSync(...withoutCapabilities(me, path), { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  const why = `the broker, of uid ${me}, may not write in ${folder}, which belongs to uid ${me}; chmod u+w ${folder}`;
  t.equal(stdout, `${why}\nbind: EACCES (${why})\n`);
  t.notOk(existsSync(path));
  chmodSync(folder, 0o755);
});

t.test('a folder of somebody else', { skip: noNobody }, async (t) => {
  const { folder, path } = folderOf(t);
  chownSync(folder, 65_534, 65_534);
  chmodSync(folder, 0o755);
  const { stdout } = spawnSync(...withoutCapabilities(0, path), { encoding: 'utf8' });
  t.match(stdout, `which belongs to uid 65534; chown 0 ${folder}, or have systemd start the broker\n`);
});

/** What is told of a path by a process like the broker's, which root has started. */
function withoutCapabilities(uid: number, path: string): [string, string[]] {
  const module = (name: string) => JSON.stringify(new URL(`../../src/${name}.js`, import.meta.url).href);
  const script = `
    import { closedFolder, listenBeside } from ${module('broker/socket-folder')};
    import { describeSysError } from ${module('core/sys-error')};
    const path = ${JSON.stringify(path)};
    console.log(closedFolder(path) + '\\n' + listenBeside(path).match(() => 'listens', describeSysError));`;
  const command = [process.execPath, '--input-type=module', '-e', script];
  const limits = uid === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : ['env'];
  const [program, ...rest] = [...limits, ...command] as [string, ...string[]];
  return [program, rest];
}
