/** Which refusals are put into our own words: those of a network that locks addresses, and no others. */
import t from 'tap';
import { explainLock } from '../../src/cli/locked-address.js';
import type { ClientError } from '../../src/client/error.js';
import { networkShape } from '../../src/client/shape.js';
import { ScriptedServer } from '../support/scripted-server.js';

/** Whatever a listing has to have. */
const plain = Object.fromEntries(
  Object.entries(networkShape).map(([key, fits]) => [
    key,
    [null, '', 0, false, [], 'no', 'bridge'].find((value) => fits(value)),
  ]),
);
const data = JSON.stringify([
  { ...plain, name: 'lan', lockMac: false },
  { ...plain, name: 'locked', lockMac: true },
]);
const server = new ScriptedServer(({ ok, close }) => {
  ok({ data });
  close();
}).start();
t.teardown(() => server[Symbol.dispose]());
const target = { socket: server.path, options: { timeout: 5 } };
const refused: ClientError = { tag: 'refused', status: 'refused', message: 'no' };

t.test('a network that locks addresses', async (t) => {
  const message = 'network "locked" locks the MAC address, and nobody is told';
  t.same(await explainLock(refused, 'locked', 'nobody is told', target), { ...refused, message });
});

t.test('others, other errors, and no answer: as it was', async (t) => {
  const denied: ClientError = { ...refused, status: 'denied' };
  const closed: ClientError = { tag: 'closed', socket: server.path };
  t.equal(await explainLock(refused, 'lan', 'x', target), refused);
  t.equal(await explainLock(refused, 'nowhere', 'x', target), refused);
  t.equal(await explainLock(denied, 'locked', 'x', target), denied);
  t.equal(await explainLock(closed, 'locked', 'x', target), closed);
  t.equal(await explainLock(refused, 'locked', 'x', { ...target, socket: '/nonexistent/control' }), refused);
});
