import t from 'tap';
import { encodeReply } from '../../src/protocol/reply.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

t.test('done', async (t) => {
  const listing = { files: ['/a.ini', '/b.ini'], networks: 1, rules: 3 };
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(listing) })).start();
  const at = `--socket=${server.path}`;
  t.same(await fdbroker(['reload', at]), {
    status: 0,
    stdout: 'reloaded: 1 network and 3 rules from 2 files\n',
    stderr: '',
  });
  t.same(JSON.parse((await fdbroker(['reload', at, '--json'])).stdout), listing);
});

t.test('refused', async (t) => {
  const message = 'the configuration was refused: /a.ini:3: what';
  using server = new ScriptedServer(({ send }) => send(encodeReply({ status: 'failed', message }))).start();
  const refused = await fdbroker(['reload', `--socket=${server.path}`]);
  t.same(refused, { status: 1, stdout: '', stderr: `fdbroker: ${message}\n` });
});
