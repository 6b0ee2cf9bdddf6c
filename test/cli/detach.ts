/** `fdbroker detach`: words, and the grant of a socket, of whose end nobody tells the broker. */
import t from 'tap';
import { encodeReply } from '../../src/protocol/reply.js';
import { type Answering, FakeMonitor } from '../support/fake-monitor.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

const mac = '52:54:00:00:00:01';
const port = {
  ...{ grant: '00000001', uid: 0, gid: 0, network: 'lan', form: 'dgram', ifname: null, ifindex: null, queues: 1, mac },
  ...{ mtu: 1500, holder: process.pid, holderName: 'qemu', since: 0, state: 'up' },
};
const rows = [
  port,
  { ...port, grant: '00000002', mac: '52:54:00:00:00:02' },
  { ...port, grant: '00000003', holder: 1 },
  { ...port, grant: '00000004', form: 'tap', ifname: 'fdb00000004', ifindex: 4 },
];
const server = new ScriptedServer(({ request, ok }) => {
  ok(request.verb === 'release' ? { grant: request.grant } : { data: JSON.stringify(rows) });
}).start();
t.teardown(() => server[Symbol.dispose]());
const env = { FDBROKER_SOCKET: server.path };

const qemu: Answering = ({ execute, arguments: { id } }, socket) => {
  if (execute === 'qom-get') return { return: mac };
  if (execute === 'closefd') return { error: { class: 'GenericError', desc: 'not found' } };
  if (execute === 'device_del') {
    setImmediate(() => socket.write(`${JSON.stringify({ event: 'DEVICE_DELETED', data: { device: id } })}\r\n`));
  }
  return { return: {} };
};

t.test('wrong words', async (t) => {
  t.match(await fdbroker(['detach', 'q']), { status: 2, stderr: /--id is missing/ });
  t.match(await fdbroker(['detach', '--id=n']), { status: 2, stderr: /QMP_SOCKET is missing/ });
  t.match(await fdbroker(['detach', 'q', '--network=x', '--id=n']), { status: 2, stderr: /no option --network/ });
});

t.test('device, netdev, and the grant of this device and this QEMU alone', async (t) => {
  using monitor = await FakeMonitor.start(qemu);
  t.same(await fdbroker(['detach', monitor.path, '--id=n0'], { env }), {
    status: 0,
    stdout: 'detached n0\n',
    stderr: '',
  });
  t.same(
    monitor.orders.map(({ execute }) => execute),
    ['qom-get', 'device_del', 'netdev_del', 'closefd', 'closefd'],
  );
  t.same(server.requests, ['fdbroker 1\nverb=ports\n', 'fdbroker 1\nverb=release\ngrant=00000001\n']);
});

t.test('without a broker the guest has lost it all the same', async (t) => {
  using monitor = await FakeMonitor.start(qemu);
  const done = await fdbroker(['detach', monitor.path, '--id=n0', '--socket=/nonexistent/control']);
  t.match(done, {
    status: 0,
    stdout: 'detached n0\n',
    stderr: /^fdbroker: a grant of a socket may be left: no broker/,
  });
});

t.test('a port of the switch that ends by itself is nothing to tell, and one that stays is', async (t) => {
  for (const stays of [false, true]) {
    let asked = 0;
    using broker = new ScriptedServer(({ request, ok, send }) => {
      if (request.verb === 'release')
        return send(encodeReply({ status: 'refused', message: 'you have no such grant' }));
      asked += 1;
      ok({ data: JSON.stringify(asked === 1 || stays ? [port] : []) });
    }).start();
    using monitor = await FakeMonitor.start(qemu);
    t.same(await fdbroker(['detach', monitor.path, '--id=n0'], { env: { FDBROKER_SOCKET: broker.path } }), {
      status: 0,
      stdout: 'detached n0\n',
      stderr: stays ? 'fdbroker: 00000001: you have no such grant\n' : '',
    });
  }
});

t.test('QEMU says no, and goes away', async (t) => {
  using stubborn = await FakeMonitor.start(({ execute }) =>
    execute === 'netdev_del' ? { error: { class: 'GenericError', desc: 'no' } } : { return: {} },
  );
  const slow = await fdbroker(['detach', stubborn.path, '--id=n0', '--timeout=0.2'], { env });
  t.match(slow, { status: 1, stdout: '', stderr: /the guest has not let go of it for 0.2 s/ });
});

t.test('QEMU goes away at every step: no grant is released that may be in use', async (t) => {
  using whole = await FakeMonitor.start(qemu);
  t.match(await fdbroker(['detach', whole.path, '--id=n0'], { env }), { status: 0 });
  for (const [index, { execute }] of whole.orders.entries()) {
    for (const half of ['', '{"return": {']) {
      let steps = 0;
      using monitor = await FakeMonitor.start((order, socket) => {
        if (++steps <= index) return qemu(order, socket);
        socket.end(half);
        return undefined;
      });
      server.requests.length = 0;
      const done = await fdbroker(['detach', monitor.path, '--id=n0'], { env });
      t.match(done, {
        status: 3,
        stdout: '',
        stderr: /^fdbroker: QEMU at .* has ended, or closed its monitor[^\n]*\n$/,
      });
      t.same(server.requests, [], `${execute}, the ${index + 1}th`);
    }
  }
  // The device is on its way out and the guest's word for it never comes
  using silent = await FakeMonitor.start((order, socket) => {
    if (order.execute !== 'device_del') return qemu(order, socket);
    setImmediate(() => socket.end());
    return { return: {} };
  });
  t.match(await fdbroker(['detach', silent.path, '--id=n0'], { env }), { status: 3, stderr: /has ended, or closed/ });
});
