/** Which socket is asked: option, environment, the system's, the user's own. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { chooseSocket, systemSocket } from '../../src/client/socket-path.js';

const folder = t.testdir();
const runtime = path.join(folder, 'runtime');
const own = path.join(runtime, 'fdbroker', 'control');
const system = path.join(folder, 'system-control');
const env = { XDG_RUNTIME_DIR: runtime };

t.equal(systemSocket, '/run/fdbroker/control');

t.test('what is named wins, also when it is not there', async (t) => {
  t.same(chooseSocket('/a', { ...env, FDBROKER_SOCKET: '/b' }, system), { path: '/a' });
  t.same(chooseSocket(undefined, { ...env, FDBROKER_SOCKET: '/b' }, system), { path: '/b' });
  t.same(chooseSocket('', { FDBROKER_SOCKET: '' }, system), { path: system }, 'an empty name is none');
});

t.test('neither exists: the system one is meant, and the other was looked at', async (t) => {
  t.same(chooseSocket(undefined, env, system), { path: system, alsoTried: own });
  t.same(chooseSocket(undefined, {}, system), { path: system });
  t.same(chooseSocket(undefined, { XDG_RUNTIME_DIR: '' }, system), { path: system });
});

t.test("the user's own is asked only where the system has none", async (t) => {
  mkdirSync(path.dirname(own), { recursive: true });
  writeFileSync(own, '');
  t.same(chooseSocket(undefined, env, system), { path: own });
  t.same(
    chooseSocket(undefined, env, '/proc/1/cwd/none/\0'),
    { path: '/proc/1/cwd/none/\0' },
    'what cannot be looked at may be there',
  );
  symlinkSync('nowhere', system);
  t.same(chooseSocket(undefined, env, system), { path: system }, 'a dangling link is there');
});
