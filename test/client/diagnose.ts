/** Where there is no broker, a client says what is wrong there, by the kernel's word. */
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import t from 'tap';
import { call } from '../../src/client/call.js';
import { type ClientError, describeClientError } from '../../src/client/error.js';
import { asNobody, noNobody } from '../support/nobody.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { temporaryFolder } from '../support/temporary.js';

const names = { userName: () => 'alice', groupName: (gid: number) => (gid === 0 ? 'root' : 'kvm') };

async function failure(socket: string): Promise<ClientError> {
  return (await call(socket, { verb: 'status' }, { timeout: 5 }))._unsafeUnwrapErr();
}

t.test('paths that name no socket', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, 'file'), '');
  mkdirSync(path.join(folder, 'folder'));
  symlinkSync('nowhere', path.join(folder, 'link'));
  const cases: [what: string, socket: string, expected: Partial<ClientError>][] = [
    ['nothing', path.join(folder, 'none'), { tag: 'no-broker', reason: 'missing' }],
    ['a dangling link', path.join(folder, 'link'), { tag: 'no-broker', reason: 'missing' }],
    ['below a file', path.join(folder, 'file', 'control'), { tag: 'no-broker', reason: 'missing' }],
    ['a file', path.join(folder, 'file'), { tag: 'not-a-broker', what: 'it is no socket' }],
    ['a directory', path.join(folder, 'folder'), { tag: 'not-a-broker', what: 'it is no socket' }],
    ['an empty path', '', { tag: 'bad-path', what: 'is empty' }],
    ['a NUL', 'a\0b', { tag: 'bad-path', what: 'holds a NUL' }],
    ['108 bytes', `/${'ü'.repeat(53)}x`, { tag: 'bad-path', what: 'has 108 bytes, and at most 107 are possible' }],
    ['107 bytes', `/${'ü'.repeat(53)}`, { tag: 'no-broker', reason: 'missing' }],
  ];
  for (const [what, socket, expected] of cases) t.match(await failure(socket), expected, what);
});

t.test('a socket that nobody listens on', async (t) => {
  using server = new ScriptedServer(() => {});
  server.die();
  const error = await failure(server.path);
  t.match(error, { tag: 'no-broker', reason: 'dead' });
  t.match(describeClientError(error), /nobody listens on .*control; start fdbrokerd/);
});

t.test('a stream socket', async (t) => {
  const socket = path.join(temporaryFolder(t), 's');
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  t.match(await failure(socket), { tag: 'not-a-broker', what: 'a stream socket listens there' });
  server.close();
});

t.test('no access', { skip: noNobody }, async (t) => {
  using server = new ScriptedServer(() => {}).start();
  const folder = path.dirname(server.path);
  const cases: [folderMode: number, mode: number, gid: number, words: RegExp][] = [
    [0o755, 0o660, 12_345, /: the socket is open to the group kvm; join it \(usermod -aG kvm YOU\)/],
    [0o755, 0o660, 0, /: the socket is open to the user alice alone/],
    [0o755, 0o600, 12_345, /: the socket is open to the user alice alone/],
    [0o750, 0o666, 12_345, /: the directory \S+ is open to the group kvm; join it/],
    [0o700, 0o666, 12_345, /: the directory \S+ is open to the user alice alone; .*fdbrokerd --user/],
  ];
  for (const [folderMode, mode, gid, words] of cases) {
    chownSync(folder, 0, gid);
    chmodSync(folder, folderMode);
    chownSync(server.path, 0, gid);
    chmodSync(server.path, mode);
    const error = await asNobody(() => failure(server.path));
    t.equal(error.tag, 'no-access');
    t.match(describeClientError(error, names), words);
  }
  t.match(describeClientError({ tag: 'no-access', socket: '/s', gate: undefined }), /may not be searched by you/);
  const numbers = { tag: 'no-access', socket: '/s', gate: { path: '/s', uid: 7, gid: 8, directory: false } } as const;
  t.match(describeClientError({ ...numbers, gate: { ...numbers.gate, mode: 0o660 } }), /the group 8; join it/);
  t.match(describeClientError({ ...numbers, gate: { ...numbers.gate, mode: 0o600 } }), /the user 7 alone/);
});

t.test('a link to a socket is as good as the socket', async (t) => {
  using server = new ScriptedServer(({ ok }) => ok({})).start();
  const folder = temporaryFolder(t);
  symlinkSync(server.path, path.join(folder, 'control'));
  t.ok((await call(path.join(folder, 'control'), { verb: 'status' })).isOk());
});
