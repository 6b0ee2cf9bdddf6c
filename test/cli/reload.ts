import t from 'tap';
import { encodeReply } from '../../src/protocol/reply.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

t.test('done', async (t) => {
  const listing = { files: ['/a.ini', '/b.ini'], networks: 1, rules: 3, atNextStart: [], unusable: [] };
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(listing) })).start();
  const at = `--socket=${server.path}`;
  t.same(await fdbroker(['reload', at]), {
    status: 0,
    stdout: 'reloaded: 1 network and 3 rules from 2 files\n',
    stderr: '',
  });
  t.same(JSON.parse((await fdbroker(['reload', at, '--json'])).stdout), listing);
});

t.test('done, but for what counts at the next start', async (t) => {
  const unusable = ['/a.ini:7: [network lab] key-file: \u001b'];
  const listing = { files: ['/a.ini'], networks: 1, rules: 1, atNextStart: ['socket-mode', 'audit-file'], unusable };
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(listing) })).start();
  t.equal(
    (await fdbroker(['reload', `--socket=${server.path}`])).stdout,
    `reloaded: 1 network and 1 rule from 1 file
socket-mode has changed, and counts at the broker's next start
audit-file has changed, and counts at the broker's next start
/a.ini:7: [network lab] key-file: \\x1b
`,
  );
});

t.test('refused', async (t) => {
  const message = 'the configuration has 2 errors';
  const data = JSON.stringify(['/a.ini:3: what', '/b.ini: which\u001b']);
  using server = new ScriptedServer(({ send }) => send(encodeReply({ status: 'failed', message, data }))).start();
  const refused = await fdbroker(['reload', `--socket=${server.path}`]);
  const stderr = `fdbroker: ${message}\nfdbroker: /a.ini:3: what\nfdbroker: /b.ini: which\\x1b\n`;
  t.same(refused, { status: 1, stdout: '', stderr });
});
