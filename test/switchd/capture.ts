/** Where a capture ends, and what its file says of frames that were lost. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import t, { type Test } from 'tap';
import { openPipe } from '../../src/kernel/pipe.js';
import { Watch } from '../../src/kernel/watch.js';
import type { CaptureBounds } from '../../src/protocol/capture-request.js';
import { BlockReader, blockTypes, readLost } from '../../src/protocol/pcapng.js';
import { Capture, type PortName } from '../../src/switchd/capture.js';
import { makeRing, RingReader, RingWriter } from '../../src/switchd/capture-ring.js';
import { Outlet } from '../../src/switchd/outlet.js';

const plenty: CaptureBounds = { frames: 100, bytes: 1e6, seconds: 60 };
const names: Record<number, PortName> = { 1: { name: 'one', description: 'x' }, 2: { name: 'two', description: 'x' } };

function stage(t: Test, bounds: Partial<CaptureBounds> = {}, ringSize = 1 << 16, begun = true) {
  const watch = new Watch();
  t.teardown(() => watch.close());
  const { reader, writer } = openPipe()._unsafeUnwrap();
  // Where nothing is, that is told, and not waited for
  const place = openSync(`/proc/self/fd/${reader.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  reader.close();
  t.teardown(() => closeSync(place));
  const outlet = Outlet.open(writer, watch, { drained: () => {}, closed: () => {} })._unsafeUnwrap();
  const ring = makeRing(8, ringSize);
  const order = { order: 'capture', account: 0, network: 0, ...plenty, ...bounds } as const;
  let now = 0;
  const capture = new Capture(
    order,
    new RingReader(ring),
    outlet,
    (port) => names[port],
    () => now,
  );
  let frames = begun ? new RingWriter(ring) : undefined;
  const begin = () => {
    frames = new RingWriter(ring);
  };
  const put = (port: number, length = 60) => frames?.write(port, false, 1e15, new Uint8Array(length), 0, length);
  const later = (milliseconds: number) => {
    now += milliseconds;
  };
  /** What came by now. */
  const read = () => {
    const buffer = Buffer.alloc(1 << 16);
    return new BlockReader().push(buffer.subarray(0, readSync(place, buffer))) ?? [];
  };
  return { capture, outlet, begin, put, later, read };
}

const typesOf = (blocks: readonly Buffer[]) => blocks.map((block) => block.readUInt32LE(0));
const { section, interface: port, packet, statistics } = blockTypes;

t.test('nothing is written before frames are taken, or at the end', async (t) => {
  for (const begins of [true, false]) {
    const { capture, later, begin, read } = stage(t, {}, 1024, false);
    capture.announce(2);
    capture.drain();
    later(5000);
    capture.drain();
    t.throws(read, { code: 'EAGAIN' });
    if (begins) begin();
    if (begins) capture.drain();
    else capture.finish();
    t.same(typesOf(read()), begins ? [section, port] : [section, port, statistics]);
  }
});

t.test('an interface for each port, when it is announced or has a frame', async (t) => {
  const { capture, put, read } = stage(t);
  capture.announce(2);
  capture.announce(7);
  put(2);
  put(1);
  put(1);
  put(5);
  capture.drain();
  const blocks = read();
  t.same(typesOf(blocks), [section, port, packet, port, packet, packet, port, packet]);
  t.match(blocks[6]?.toString(), /port 5/, 'one that has gone by now');
  t.notOk(capture.ending);
});

t.test('a number that another port has by now is another interface', async (t) => {
  const { capture, put, read } = stage(t);
  put(1);
  capture.drain();
  const before = names[1] as PortName;
  names[1] = { name: 'successor', description: '' };
  put(1);
  capture.drain();
  delete names[1];
  put(1);
  capture.drain();
  names[1] = before;
  t.same(typesOf(read()), [section, port, packet, port, packet, packet]);
});

t.test('frames, bytes, and an end from outside', async (t) => {
  for (const [bounds, expected] of [
    [{ frames: 2 }, 2],
    [{ bytes: 400 }, 2],
  ] as const) {
    const { capture, outlet, put, read } = stage(t, bounds);
    for (let i = 0; i < 5; i += 1) put(1);
    capture.drain();
    t.ok(capture.ending);
    t.notOk(outlet.open);
    const blocks = read();
    t.equal(typesOf(blocks).filter((type) => type === packet).length, expected);
    t.equal(typesOf(blocks).at(-1), statistics);
  }
  const { capture, outlet, put, read } = stage(t);
  put(1);
  capture.finish();
  t.notOk(outlet.open);
  t.same(typesOf(read()), [section, port, packet, statistics], 'what was in the ring is there');
});

t.test('losses are told within a second, once', async (t) => {
  const { capture, put, later, read } = stage(t, {}, 1024);
  for (let i = 0; i < 20; i += 1) put(2);
  capture.drain();
  t.notOk(typesOf(read()).includes(statistics));
  later(1000);
  capture.drain();
  const [first] = read();
  t.same(readLost(first as Buffer), { interfaceId: 0, frames: 9 });
  later(1000);
  capture.drain();
  put(1, 2000);
  capture.finish();
  const blocks = read();
  t.same(typesOf(blocks), [port, statistics], 'also of a port of which no frame is there');
  t.same(readLost(blocks[1] as Buffer), { interfaceId: 1, frames: 1 });
});
