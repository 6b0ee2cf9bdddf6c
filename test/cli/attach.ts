/** `fdbroker attach` with a broker and a QEMU of the test's: words, failures on either side, what is given back. */
import t from 'tap';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { type Answering, FakeMonitor } from '../support/fake-monitor.js';
import { fdbroker } from '../support/fdbroker.js';
import { type Script, ScriptedServer } from '../support/scripted-server.js';

const [one, other] = socketPair('stream')._unsafeUnwrap();
let carried = 0;
const server = new ScriptedServer((conversation) => {
  answer(conversation);
  conversation.close();
}).start();
t.teardown(() => {
  server[Symbol.dispose]();
  for (const end of [one, other]) end.close();
});

/** Gives anybody taps and sockets. */
function answer({ request, fds, ok, send }: Parameters<Script>[0]): void {
  if (request.verb === 'release') return ok({ grant: request.grant });
  if (request.verb !== 'open') return ok({ data: '[]' });
  carried = fds.length;
  const { network, form } = request;
  if (network === 'lost') return send(encodeReply({ status: 'denied', message: 'not for you' }));
  const granted = { grant: '1a2b3c4d', network, form, mac: '52:54:00:00:00:01', mtu: '1500' };
  send(encodeReply(okReply(form === 'tap' ? { ...granted, ifname: 'fdb1a2b3c4d' } : granted)), [one.fd]);
}

const env = { FDBROKER_SOCKET: server.path };
const notFound = { error: { class: 'GenericError', desc: 'not found' } };

async function attach(answering: Answering, words: readonly string[] = [], uid = process.geteuid?.() ?? 0) {
  using monitor = await FakeMonitor.start((order, socket) =>
    order.execute === 'closefd' ? notFound : answering(order, socket),
  );
  server.requests.length = 0;
  const done = await fdbroker(['attach', monitor.path, '--network=lan', '--id=n0', ...words], { env, uid });
  const released = server.requests.some((text) => text.includes('verb=release\ngrant=1a2b3c4d\n'));
  return { ...done, orders: monitor.orders.filter(({ execute }) => execute !== 'closefd'), released };
}

const good: Answering = () => ({ return: {} });

t.test('wrong words', async (t) => {
  const wrong: [words: string[], complaint: RegExp][] = [
    [[], /QMP_SOCKET is missing/],
    [['q'], /--network is missing/],
    [['q', '--network=lan'], /--id is missing/],
    [['q', 'r', '--network=lan'], /what is "r"\?/],
    [['q', '--network=lan', '--id=n', '--bus=b'], /--bus is for --device/],
    [['q', '--network=lan', '--id=n', '--form=socket'], /QEMU takes no bare socket/],
    [['q', '--network=lan', '--id=n', '--queues=0'], /--queues takes a number/],
    [['q', '--network=lan', '--id=n', '--', 'x'], /there is nothing to follow --/],
  ];
  for (const [words, complaint] of wrong) {
    const { status, stderr } = await fdbroker(['attach', ...words], { env });
    t.equal(status, 2, words.join(' '));
    t.match(stderr, complaint);
  }
});

t.test('a tap and its device; QEMU is the holder', async (t) => {
  const { status, stdout, stderr, orders, released } = await attach(good, ['--device=e1000', '--bus=b', '--form=tap']);
  t.same([status, stderr, released], [0, '', false]);
  t.equal(stdout, 'attached n0: network lan, grant 1a2b3c4d, address 52:54:00:00:00:01, on b\n');
  t.match(orders, [
    { execute: 'getfd', arguments: { fdname: 'fdbroker-0' } },
    { execute: 'netdev_add', arguments: { type: 'tap', id: 'n0', fd: 'fdbroker-0' } },
    {
      execute: 'device_add',
      arguments: { driver: 'e1000', id: 'n0', netdev: 'n0', mac: '52:54:00:00:00:01', bus: 'b' },
    },
  ]);
  t.equal(carried, 1);
});

t.test('any address is promised where there is a device to be told it', async (t) => {
  const asked = async (...words: string[]) => {
    t.match(await attach(good, ['--form=tap', ...words]), { status: 0 });
    return server.requests.map((text) => /^mac=(.*)$/m.exec(text)?.[1]);
  };
  t.same(await asked('--device=e1000'), ['any']);
  t.same(await asked(), [undefined]);
  t.same(await asked('--mac=any'), ['any'], 'as it is said');
  t.same(await asked('--device=e1000', '--mac=52:54:00:00:00:01'), ['52:54:00:00:00:01']);
});

t.test('other forms', async (t) => {
  const { orders } = await attach(good, ['--form=dgram']);
  t.match(orders[1], { arguments: { type: 'dgram', local: { type: 'fd', str: 'fdbroker-0' } } });
});

t.test('the QEMU of another user holds no socket; of a tap the caller is the holder', async (t) => {
  const socket = await attach(good, ['--form=stream'], 4_000_000);
  t.match(socket, { status: 1, stdout: '', stderr: /this QEMU is another user’s: attach as that user/ });
  t.same(socket.orders, []);
  t.equal(carried, 0);
  t.match(await attach(good, ['--form=tap'], 4_000_000), { status: 0 });
});

t.test('the broker says no before QEMU is told anything', async (t) => {
  using monitor = await FakeMonitor.start();
  const { status, stderr } = await fdbroker(['attach', monitor.path, '--network=lost', '--id=n', '--form=tap'], {
    env,
  });
  t.same([status, stderr], [1, 'fdbroker: not for you\n']);
  t.same(monitor.orders, []);
});

t.test('QEMU says no: the grant is given back', async (t) => {
  for (const verb of ['getfd', 'netdev_add', 'device_add']) {
    const before = openFds();
    const no = { error: { class: 'GenericError', desc: `no ${verb}` } };
    const answering: Answering = ({ execute }) => (execute === verb ? no : { return: {} });
    const { status, stdout, stderr, released } = await attach(answering, ['--device=e1000', '--form=tap']);
    t.same([status, stdout, stderr, released], [1, '', `fdbroker: QEMU refuses: no ${verb}\n`, true]);
    await untilOpenFds(before);
  }
});

t.test('a monitor that falls silent: the grant is given back', async (t) => {
  const silent: Answering = ({ execute }) => (execute === 'netdev_add' ? undefined : { return: {} });
  const waited = await attach(silent, ['--form=tap', '--timeout=0.3']);
  t.match(waited, { status: 3, stdout: '', stderr: /has not answered for 0.3 s/, released: true });
});

t.test('no monitor', async (t) => {
  server.requests.length = 0;
  const { status, stderr } = await fdbroker(['attach', '/nonexistent/qmp', '--network=lan', '--id=n'], { env });
  t.equal(status, 3);
  t.match(stderr, /^fdbroker: there is no monitor: \/nonexistent\/qmp does not exist/);
  t.same(server.requests, [], 'the broker was not asked');
});
