import t from 'tap';
import { FrameIo } from '../../src/kernel/frame-io.js';
import { PortTable } from '../../src/switch/port-table.js';
import { makeRing, RingReader } from '../../src/switchd/capture-ring.js';
import { Captures } from '../../src/switchd/captures.js';

const ports = new PortTable(8);
for (const [port, network] of [
  [0, 5],
  [1, 5],
  [2, 6],
] as const) {
  ports.add(port, { network, uplink: false, isolated: false, locked: false, untagged: false, maxAddresses: 1 });
}
const frames = new FrameIo([{ slots: 2, room: 100 }]);
const nobody = new Int32Array(8);

t.test('of a network, and of a port both ways', async (t) => {
  const captures = new Captures(ports);
  t.notOk(captures.any);
  const rings = [makeRing(8), makeRing(8)] as const;
  const [all, one] = rings.map((ring) => new RingReader(ring)) as [RingReader, RingReader];
  captures.add({ id: 1, network: 5, port: undefined, ring: rings[0] });
  captures.add({ id: 2, network: 5, port: 1, ring: rings[1] });
  t.ok(captures.any);
  frames.length[1] = 60;
  frames.bytesOf(1).fill(7, frames.start[1], (frames.start[1] as number) + 60);
  const before = Date.now() * 1000;
  captures.take(0, frames, 1, 100, Int32Array.of(2, 1), 1);
  const captured = all.read();
  t.match(captured, { port: 0, out: false, length: 60, bytes: new Uint8Array(60).fill(7) });
  t.ok(Math.abs((captured?.time ?? 0) - before) < 60e6, 'by the wall clock');
  t.equal(one.read(), undefined, 'it did not go there');
  captures.take(0, frames, 1, 100, Int32Array.of(2, 1), 2);
  t.match(one.read(), { port: 1, out: true });
  captures.take(1, frames, 1, 100, nobody, 0);
  t.match(one.read(), { port: 1, out: false }, 'a frame that is dropped, too');
  captures.take(2, frames, 1, 100, nobody, 0);
  for (const port of [0, 1]) t.equal(all.read()?.port, port);
  t.equal(all.read(), undefined, 'no other network');
  captures.remove(1);
  captures.take(1, frames, 1, 100, nobody, 0);
  t.equal(all.read(), undefined);
  t.ok(one.read());
  captures.remove(2);
  t.notOk(captures.any);
});

t.test('what is no whole frame is left out', async (t) => {
  const captures = new Captures(ports);
  const ring = makeRing(8);
  captures.add({ id: 1, network: 5, port: undefined, ring });
  for (const length of [-1, 0, 101]) {
    frames.length[0] = length;
    captures.take(0, frames, 0, 100, nobody, 0);
  }
  t.equal(new RingReader(ring).read(), undefined);
});
