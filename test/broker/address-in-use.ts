/** A port of UDP that a stranger has had first: guests who wait for it, and those who leave meanwhile. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { send } from '../../src/kernel/seqpacket.js';
import { encodeRequest, type Request } from '../../src/protocol/request.js';
import { ask, connect, dataOf } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';

inPrivateNamespace();
sh('ip link add eth0 type veth peer name far; ip address add 192.0.2.1/24 dev eth0; ip link set eth0 up');
sh('ip link set far up; ip link set lo up');
const daemon = new Daemon(
  t,
  '[network lab]\ntype = qdes\ninterface = eth0\nid = 1\ngroup = 239.1.2.3\nport = 7755\n' +
    '[rule all]\neffect = allow\nuser[] = *\nnetwork[] = lab\n',
);
await daemon.start();
// In order, so that the switch ends too
t.teardown(() => daemon.kill('SIGTERM'));
const request: Request = { verb: 'open', network: name('lab'), form: 'dgram', vnetHdr: false };
const open = () => ask(daemon.socket, request);
const descriptors = () => readdirSync(`/proc/${daemon.pid}/fd`).length;
const connections = async () => Number(dataOf(await ask(daemon.socket, { verb: 'status' }))['connections']);

async function stranger() {
  const socket = createSocket('udp4');
  socket.bind(7755);
  await once(socket, 'listening');
  return () => new Promise<void>((resolve) => socket.close(() => resolve()));
}

t.test('who leaves meanwhile leaves nothing', async (t) => {
  const free = await stranger();
  t.match((await open()).reply, { status: 'failed', message: /another program has UDP port 7755 of eth0/ });
  const before = descriptors();
  for (let left = 0; left < 100; left += 1) {
    using client = connect(daemon.socket);
    send(client.fd, encodeRequest(request), [])._unsafeUnwrap();
  }
  await until(async () => (await connections()) === 1);
  t.same(dataOf(await ask(daemon.socket, { verb: 'ports' })), []);
  await until(() => descriptors() <= before);
  await free();
});

t.test('who waits gets it when it is free', async (t) => {
  const free = await stranger();
  const asked = Array.from({ length: 5 }, open);
  await delay(100);
  await free();
  for (const { reply, fds } of await Promise.all(asked)) {
    t.equal(reply?.status, 'ok', JSON.stringify(reply));
    for (const fd of fds) fd.close();
  }
  await until(async () => dataOf(await ask(daemon.socket, { verb: 'ports' })).length === 0);
});
