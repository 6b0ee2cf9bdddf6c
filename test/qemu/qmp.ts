/** QEMU's monitor: what is said to it and heard from it, and who is no monitor. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { connectSeqpacket, listenSeqpacket } from '../../src/kernel/seqpacket.js';
import { Qmp, type QmpError } from '../../src/qemu/qmp.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { FakeMonitor } from '../support/fake-monitor.js';
import { temporaryFolder } from '../support/temporary.js';

const soon = () => performance.now() + 200;
const connected = async (path: string) => (await Qmp.connect(path, 5))._unsafeUnwrap();
const refusal = { error: { class: 'DeviceNotFound', desc: "Device 'x' not found" } };

t.test('commands, answers, refusals, events in between', async (t) => {
  using monitor = await FakeMonitor.start(({ execute, arguments: options }, socket) => {
    if (execute === 'bad') return refusal;
    socket.write('{"event": "NOISE", "timestamp": {}}\r\n{"event": "DEVICE_DELETED", "data": {"device": "ä"}}\r\n');
    return { return: options };
  });
  using qmp = await connected(monitor.path);
  t.same((await qmp.execute('good', { a: 'b' }))._unsafeUnwrap(), { a: 'b' });
  const refused: QmpError = { tag: 'refused', kind: 'DeviceNotFound', what: "Device 'x' not found" };
  t.same((await qmp.execute('bad'))._unsafeUnwrapErr(), refused);
  const event = await qmp.event(({ name }) => name === 'DEVICE_DELETED', soon());
  t.same(event._unsafeUnwrap(), { name: 'DEVICE_DELETED', data: { device: 'ä' } });
  t.equal((await qmp.event(({ name }) => name === 'DEVICE_DELETED', soon()))._unsafeUnwrap(), undefined, 'once');
  t.same(qmp.peer, { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  t.match(monitor.orders, [
    { execute: 'good', arguments: { a: 'b' } },
    { execute: 'bad', arguments: {} },
  ]);
});

t.test('a message may come in pieces, and many at once', async (t) => {
  using monitor = await FakeMonitor.start(({ id }, socket) => {
    const text = Buffer.from(`{"event": "ü"}\r\n{"return": "ü", "id": ${id}}\r\n`);
    for (const byte of text) socket.write(Buffer.of(byte));
    return undefined;
  });
  using qmp = await connected(monitor.path);
  for (let round = 0; round < 3; round++) t.equal((await qmp.execute('x'))._unsafeUnwrap(), 'ü');
});

t.test('a descriptor goes with its command', async (t) => {
  using monitor = await FakeMonitor.start();
  using qmp = await connected(monitor.path);
  const fd = openSync('/dev/null', 'r');
  t.ok((await qmp.execute('getfd', { fdname: 'x' }, fd)).isOk());
  t.doesNotThrow(() => closeSync(fd), 'and stays the caller’s');
  t.equal((await qmp.execute('getfd', {}, 9999))._unsafeUnwrapErr().tag, 'lost');
});

t.test('a monitor that is lost', async (t) => {
  const lost: [answer: Parameters<typeof FakeMonitor.start>[0], words: RegExp][] = [
    [(_, socket) => void socket.destroy(), /has ended, or closed its monitor/],
    [() => undefined, /has not answered for 0.2 s/],
    [(_, socket) => void socket.write('{"half\n'), /is not QEMU's monitor/],
  ];
  for (const [answer, words] of lost) {
    using monitor = await FakeMonitor.start(answer);
    using qmp = (await Qmp.connect(monitor.path, 0.2))._unsafeUnwrap();
    const error = (await qmp.execute('x'))._unsafeUnwrapErr();
    t.equal(error.tag, 'lost');
    t.match(error.what, words);
  }
  using monitor = await FakeMonitor.start((_, socket) => void socket.destroy());
  using qmp = await connected(monitor.path);
  t.ok((await qmp.execute('x')).isErr());
  t.equal((await qmp.execute('x'))._unsafeUnwrapErr().tag, 'lost', 'for good');
  t.equal((await qmp.event(() => true, soon())).isErr(), true);
});

t.test('what is no monitor is told, and nothing is left open', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const other = listenSeqpacket(join(folder, 'other'), { mode: 0o600 })._unsafeUnwrap();
  connectSeqpacket(join(folder, 'other'))._unsafeUnwrap().close();
  using silent = await FakeMonitor.start(undefined, '');
  using strange = await FakeMonitor.start(undefined, '{"hello": 1}\n');
  using noisy = await FakeMonitor.start(undefined, 'SSH-2.0\n');
  const before = openFds();
  const cases: [path: string, words: RegExp][] = [
    [join(folder, 'none'), /^there is no monitor: .*none does not exist; start QEMU with -qmp unix:/],
    [join(folder, 'file'), /nobody listens on .*file; that QEMU has ended/],
    [join(folder, 'other'), /is a socket of another kind/],
    [silent.path, /another program is connected to it/],
    [strange.path, /does not greet as QEMU's monitor does: it is no monitor/],
    [noisy.path, /^what answers at .* is not QEMU's monitor$/],
    [`/${'x'.repeat(200)}`, /path has 201 bytes/],
  ];
  for (const [path, words] of cases) {
    const error = (await Qmp.connect(path, 0.2))._unsafeUnwrapErr();
    t.equal(error.tag, 'lost');
    t.match(error.what, words);
  }
  other.close();
  await untilOpenFds(before + 3);
});
