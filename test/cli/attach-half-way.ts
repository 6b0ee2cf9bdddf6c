/** A monitor that closes in the middle of `fdbroker attach`: a clear error, and nothing is left on either side. */
import t from 'tap';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { type Answering, type Closing, FakeMonitor } from '../support/fake-monitor.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

const [one, other] = socketPair('stream')._unsafeUnwrap();
const server = new ScriptedServer(({ request, ok, send, close }) => {
  if (request.verb === 'open') {
    const { network, form } = request;
    const granted = { grant: '1a2b3c4d', network, form, mac: '52:54:00:00:00:01', mtu: '1500', ifname: 'fdb1a2b3c4d' };
    send(encodeReply(okReply(granted)), [one.fd]);
  } else ok(request.verb === 'release' ? { grant: request.grant } : { data: '[]' });
  close();
}).start();
t.teardown(() => {
  server[Symbol.dispose]();
  for (const end of [one, other]) end.close();
});
const env = { FDBROKER_SOCKET: server.path };
const words = ['--network=lan', '--id=n0', '--device=e1000', '--form=tap'];
const notFound = { error: { class: 'GenericError', desc: 'not found' } };

/** What QEMU is told when it has no room on its bus, and an empty port for it. */
const crowded: Answering = ({ execute, arguments: { path, bus } }) => {
  if (execute === 'closefd') return notFound;
  if (execute === 'device_add' && bus === undefined) return { error: { class: 'GenericError', desc: 'Bus is full' } };
  if (execute !== 'qom-list') return { return: {} };
  const children: Record<string, object[]> = {
    '/machine/peripheral': [{ name: 'rp0', type: 'child<pcie-root-port>' }],
    '/machine/peripheral/rp0': [{ name: 'rp0', type: 'child<PCIE>' }],
  };
  return { return: children[String(path)] ?? [] };
};

/** Closes its socket instead of the answer with this number, half of a line sent or nothing; counts from 1. */
function closesAt(step: number, half: string): Answering {
  let steps = 0;
  return (order, socket) => {
    if (++steps !== step) return crowded(order, socket);
    socket.end(half);
    return undefined;
  };
}

t.test('a monitor that closes half-way, at every step: the grant is given back', async (t) => {
  using whole = await FakeMonitor.start(crowded);
  const { status, stdout } = await fdbroker(['attach', whole.path, ...words], { env });
  t.match([status, stdout], [0, /, on rp0\n$/]);
  const steps = whole.orders.map(({ execute }) => execute);
  t.same([...new Set(steps)], ['closefd', 'getfd', 'netdev_add', 'device_add', 'qom-list']);
  for (const [index, step] of steps.entries()) {
    for (const half of ['', '{"return": {']) {
      const before = openFds();
      using monitor = await FakeMonitor.start(closesAt(index + 1, half));
      server.requests.length = 0;
      const closed = await fdbroker(['attach', monitor.path, ...words], { env });
      t.same([closed.status, closed.stdout], [3, ''], `${step}, the ${index + 1}th`);
      t.match(closed.stderr, /^fdbroker: QEMU at .* has ended, or closed its monitor[^\n]*\n$/);
      t.ok(server.requests.some((text) => text.includes('verb=release\ngrant=1a2b3c4d\n')));
      t.equal(monitor.orders.length, index + 1, 'nothing is said to it any more');
      monitor[Symbol.dispose]();
      await untilOpenFds(before);
    }
  }
});

t.test('before it takes commands: the broker is not asked', async (t) => {
  for (const closing of ['connected', 'greeting', 'qmp_capabilities'] satisfies Closing[]) {
    const before = openFds();
    server.requests.length = 0;
    {
      using monitor = await FakeMonitor.start(undefined, undefined, closing);
      const { status, stderr } = await fdbroker(['attach', monitor.path, ...words], { env });
      t.equal(status, 3, closing);
      t.match(stderr, /^fdbroker: QEMU at .* has ended, or closed its monitor[^\n]*\n$/);
    }
    t.same(server.requests, []);
    await untilOpenFds(before);
  }
});
