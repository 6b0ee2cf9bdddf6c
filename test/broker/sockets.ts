/** Networks of UDP and TCP by a real broker, on loopback addresses of a namespace of our own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import t from 'tap';
import type { Form } from '../../src/core/form.js';
import { send } from '../../src/kernel/seqpacket.js';
import { encodeRequest, type Request } from '../../src/protocol/request.js';
import { answerOn, ask, connect, dataOf } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';

inPrivateNamespace();
// What is sent to 192.0.2.9 is never answered
sh('ip link add hole type veth peer name far; ip link set hole up; ip link set far up');
sh('ip address add 192.0.2.1/24 dev hole; ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev hole nud permanent');

const names = ['frames', 'far', 'wait', 'silent', 'lost'];
const config = `[network frames]
type = udp
local = 127.0.0.1:7001
remote = 127.0.0.1:7002
[network far]
type = tcp
connect = 127.0.0.1:7011
[network wait]
type = tcp
listen = 127.0.0.1:7021
[network silent]
type = tcp
connect = 192.0.2.9:7031
[network lost]
type = udp
local = 198.51.100.1:7041
remote = 127.0.0.1:7042
[rule all]
effect = allow
user[] = *
max-ports = 2
${names.map((one) => `network[] = ${one}\n`).join('')}`;

const daemon = new Daemon(t, config);
await daemon.start();
const open = (network: string, form: Form): Request => ({ verb: 'open', network: name(network), form, vnetHdr: false });
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));
const ended = (grant: unknown) =>
  until(() => daemon.audited().some((line) => line['event'] === 'ended' && line['grant'] === grant));

/** A process that asks, says which grant it has, and keeps it. */
async function client(network: string, form: Form): Promise<{ child: ChildProcess; grant: string }> {
  const script = `import { ask } from ${JSON.stringify(new URL('../support/ask.js', import.meta.url))};
    const request = ${JSON.stringify(open(network, form))};
    const { reply } = await ask(${JSON.stringify(daemon.socket)}, request);
    process.stdout.write(reply.status === 'ok' ? reply.fields.get('grant') : reply.message);
    setInterval(() => {}, 1 << 30);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [grant] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, grant: String(grant) };
}

t.test('UDP: a frame goes out as a datagram, and nobody else gets the socket', async (t) => {
  const peer = createSocket('udp4').bind(7002, '127.0.0.1');
  await once(peer, 'listening');
  const { reply, fds } = await ask(daemon.socket, open('frames', 'dgram'));
  const fields = reply?.status === 'ok' ? Object.fromEntries(reply.fields) : {};
  t.match(fields, { network: 'frames', form: 'dgram', mtu: '1500', queues: '1', vhost: 'no' });
  t.equal(fds.length, 1);
  writeSync(fds[0]?.fd ?? -1, 'a frame');
  t.equal(String((await once(peer, 'message'))[0]), 'a frame');
  t.match(await ports(), [{ grant: fields['grant'], ifname: null, ifindex: null, holder: process.pid, state: 'up' }]);
  const again = await ask(daemon.socket, open('frames', 'socket'));
  t.match(again.reply, { status: 'failed', message: /127.0.0.1:7001 is in use, and one socket at a time can have it/ });
  const released = await ask(daemon.socket, { verb: 'release', grant: fields['grant'] as never });
  t.match(released.reply?.status === 'ok' && released.reply.fields.get('note'), /the socket stays/);
  t.same(await ports(), []);
  fds[0]?.close();
  peer.close();
});

t.test('TCP: connects, or hands out what listens', async (t) => {
  const refused = await ask(daemon.socket, open('far', 'stream'));
  t.match(refused.reply, { status: 'failed', message: /ECONNREFUSED; nobody listens at 127.0.0.1:7011/ });
  const server = createServer().listen(7011, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { reply, fds } = await ask(daemon.socket, open('far', 'stream'));
  t.equal(reply?.status === 'ok' && reply.fields.get('server'), 'no');
  const [far] = (await accepted) as [Socket];
  writeSync(fds[0]?.fd ?? -1, 'hello');
  t.equal(String((await once(far, 'data'))[0]), 'hello');
  const listener = await ask(daemon.socket, open('wait', 'socket'));
  t.equal(listener.reply?.status === 'ok' && listener.reply.fields.get('server'), 'yes');
  t.equal(listener.fds.length, 1);
  const over = await ask(daemon.socket, open('wait', 'stream'));
  t.match(over.reply, { status: 'refused', message: /2/ }, 'both count');
  for (const row of await ports()) await ask(daemon.socket, { verb: 'release', grant: row['grant'] as never });
  far.destroy();
  server.close();
  for (const fd of [...fds, ...listener.fds]) fd.close();
});

t.test('a grant ends with its holder, after kill -9 too', async (t) => {
  const { child, grant } = await client('frames', 'dgram');
  t.match(await ports(), [{ grant, holder: child.pid }]);
  child.kill('SIGKILL');
  await ended(grant);
  t.match(
    daemon.audited().find((line) => line['event'] === 'ended' && line['grant'] === grant),
    { network: 'frames', holder: child.pid, reason: 'its holder has ended' },
  );
  t.same(await ports(), []);
  const { reply, fds } = await ask(daemon.socket, open('frames', 'dgram'));
  t.equal(reply?.status, 'ok', 'its address is free again');
  for (const row of await ports()) await ask(daemon.socket, { verb: 'release', grant: row['grant'] as never });
  fds[0]?.close();
});

t.test('while connections are under way they count, and everybody is served', async (t) => {
  const used = async () => {
    const rows = dataOf(await ask(daemon.socket, { verb: 'networks' }));
    return rows.find((row) => row['name'] === 'silent')?.['usedPorts'];
  };
  t.equal(await used(), 0);
  const waiting = [connect(daemon.socket), connect(daemon.socket)];
  for (const one of waiting) send(one.fd, encodeRequest(open('silent', 'stream')), [])._unsafeUnwrap();
  await until(async () => (await used()) === 2);
  t.match((await ask(daemon.socket, open('frames', 'dgram'))).reply, { status: 'refused', message: /2/ });
  t.same(await ports(), [], 'as yet there is no grant');
  const [stays, leaves] = waiting;
  leaves?.close();
  t.match((await answerOn(stays as never)).reply, { status: 'failed', message: /ETIMEDOUT; 192.0.2.9:7031 did not/ });
  stays?.close();
  await until(async () => (await used()) === 0);
  const failed = ({ network, event }: Record<string, unknown>) => network === 'silent' && event === 'failed';
  await until(() => daemon.audited().filter(failed).length === 2);
  t.pass('also of the one who left');
  const { reply, fds } = await ask(daemon.socket, open('frames', 'dgram'));
  t.equal(reply?.status, 'ok', 'they count no more');
  fds[0]?.close();
});

t.test('what each network is on, and errors with their remedy', async (t) => {
  t.match(await ask(daemon.socket, { verb: 'networks' }).then(dataOf), [
    { name: 'far', type: 'tcp', on: '127.0.0.1:7011', forms: ['stream', 'socket'], maxQueues: 1, bridge: null },
    { name: 'frames', type: 'udp', on: '127.0.0.1:7001', forms: ['dgram', 'socket'], mtu: 1500, vhost: 'no' },
    ...[{ name: 'lost' }, { name: 'silent' }, { name: 'wait', type: 'tcp', on: '127.0.0.1:7021' }],
  ]);
  const lost = await ask(daemon.socket, open('lost', 'dgram'));
  t.match(lost.reply, { status: 'failed', message: /EADDRNOTAVAIL; 198.51.100.1 is no address of this host/ });
  const form = await ask(daemon.socket, { ...open('frames', 'stream') });
  t.match(form.reply, { status: 'failed', message: /type udp, which offers dgram, socket and not stream; ask for/ });
});
