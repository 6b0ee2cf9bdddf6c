/** What goes on the wire to QEMU; test/switchd/loop.ts sends frames both ways. */
import t from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { FrameIo } from '../../src/kernel/frame-io.js';
import { native } from '../../src/kernel/native.js';
import { DgramPort, StreamPort } from '../../src/switchd/guest-port.js';

const payload = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);

for (const [type, Port, wanted] of [
  ['seqpacket', DgramPort, payload],
  ['stream', StreamPort, Uint8Array.of(0, 0, 1, 44, ...payload)],
] as const) {
  t.test(type, async (t) => {
    const ends = new Int32Array(2);
    native.socketPair(type, ends);
    using one = ownFd(ends[0] as number);
    using other = ownFd(ends[1] as number);
    const io = new FrameIo([{ slots: 2, room: 1518 }]);
    const [there, here] = [new Port(one.fd, 1518), new Port(other.fd, 1518)];
    io.bytesOf(0).set(payload, io.start[0]);
    io.length[0] = payload.length;
    const once = () => there.send(io, Int32Array.of(0), Int32Array.of(0), 1);
    once();
    const bytes = new Uint8Array(1000);
    t.equal(native.receive(other.fd, bytes, new Int32Array(255)), wanted.length);
    t.same(bytes.subarray(0, wanted.length), wanted);
    once();
    t.equal(here.receive(io, 1, 1), 1);
    t.equal(here.accept(io, 1), 0);
    t.same(io.bytesOf(1).slice(io.start[1], (io.start[1] as number) + payload.length), payload);
  });
}
