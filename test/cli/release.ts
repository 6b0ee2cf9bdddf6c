import t from 'tap';
import { encodeReply } from '../../src/protocol/reply.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

t.test('grants released in part', async (t) => {
  using server = new ScriptedServer(({ request, ok, send }) => {
    if (request.verb !== 'release') return;
    if (request.grant === '00000001') send(encodeReply({ status: 'refused', message: 'you have no grant 00000001' }));
    else ok({ grant: request.grant });
  }).start();
  const world = { env: { FDBROKER_SOCKET: server.path } };
  const args = ['release', '00000000', '00000001', '1e100000', '00000000'];
  t.same(await fdbroker(args, world), {
    status: 1,
    stdout: 'released 00000000\nreleased 1e100000\n',
    stderr: 'fdbroker: 00000001: you have no grant 00000001\n',
  });
  t.equal(server.requests.length, 3, 'none twice, and all are tried');
  const json = await fdbroker([...args, '--json'], world);
  t.equal(json.status, 1);
  t.same(JSON.parse(json.stdout), [
    { grant: '00000000', released: true, message: null },
    { grant: '00000001', released: false, message: 'you have no grant 00000001' },
    { grant: '1e100000', released: true, message: null },
  ]);
});

t.test('a socket stays, which is told', async (t) => {
  using server = new ScriptedServer(({ request, ok }) => {
    if (request.verb === 'release') ok({ grant: request.grant, note: 'the socket stays' });
  }).start();
  const args = ['release', '00000000', `--socket=${server.path}`];
  t.match(await fdbroker(args), { status: 0, stdout: 'released 00000000: the socket stays\n' });
  const { stdout } = await fdbroker([...args, '--json']);
  t.same(JSON.parse(stdout), [{ grant: '00000000', released: true, message: 'the socket stays' }]);
});

t.test('a broker that goes away in between', async (t) => {
  using server = new ScriptedServer(({ request, ok, close }) => {
    if (request.verb === 'release' && request.grant === '00000000') ok({ grant: request.grant });
    else close();
  }).start();
  const args = ['release', '00000000', '00000001', '00000002', `--socket=${server.path}`];
  const { status, stdout, stderr } = await fdbroker(args);
  t.equal(status, 3);
  t.equal(stdout, 'released 00000000\n');
  t.match(stderr, /closed the connection without an answer/);
  t.equal(server.requests.length, 2, 'it is not asked again');
  const json = await fdbroker([...args, '--json']);
  t.same(JSON.parse(json.stdout), [{ grant: '00000000', released: true, message: null }], 'what was done is told');
});

t.test('what is no grant is not asked for', async (t) => {
  using server = new ScriptedServer(({ close }) => close()).start();
  for (const grant of ['123', '1A2B3C4D', '1a2b3c4d5', '']) {
    const { status, stderr } = await fdbroker(['release', '00000000', grant, `--socket=${server.path}`]);
    t.equal(status, 2, grant);
    t.match(stderr, /is not a grant id; it has 8 digits/);
  }
  t.same(server.requests, [], 'nor is anything before it');
});
