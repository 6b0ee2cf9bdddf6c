import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { Layout, networkOffset } from '../../../src/switch/offload/layout.js';
import { gsoTcp6, setFlags, setGsoType, vnetHeaderLength } from '../../../src/switch/offload/vnet-header.js';
import { offloadedFrame, type Packet, plainPacket, randomPacket, transportAt } from '../../support/offload-frames.js';
import { randomNumbers } from '../../support/random.js';

/** @param change spoils the frame or its header. @returns the layout, or false where there is none. */
function read(packet: Packet, change = (_bytes: Uint8Array) => {}, cut = 0): Layout | false {
  const layout = new Layout();
  const bytes = offloadedFrame(packet, 10);
  change(bytes);
  return layout.read(bytes, 0, vnetHeaderLength, bytes.length - vnetHeaderLength - cut) && layout;
}

t.test('where the headers of random frames are', async (t) => {
  const random = randomNumbers(6);
  for (let step = 0; step < 2000; step += 1) {
    const packet = randomPacket(random, 100);
    const layout = read(packet);
    const transport = transportAt(packet);
    const payload = transport + (packet.protocol === 'udp' ? 8 : 20 + packet.tcpOptions * 4);
    const wanted = [14 + packet.tags.length * 4, transport, payload, packet.ip === 6];
    const found = layout && [layout.network, layout.transport, layout.payload, layout.ip6];
    if (!isDeepStrictEqual(found, wanted)) t.same(found, wanted, `step ${step}`);
  }
});

const [mac, ip] = [vnetHeaderLength, vnetHeaderLength + 14];
const set = (at: number, value: number) => (bytes: Uint8Array) => {
  bytes[at] = value;
};

for (const [name, change] of [
  ['of a type that is not the segments’', (bytes: Uint8Array) => setGsoType(bytes, 0, gsoTcp6)],
  ['of another EtherType', set(mac + 12, 0x88)],
  ['of another version', set(ip, 0x65)],
  ['with a header that is too short', set(ip, 0x44)],
  ['with a header that is longer than the frame', set(ip, 0x4f)],
  ['that is a fragment', set(ip + 7, 1)],
  ['of which more fragments follow', set(ip + 6, 0x20)],
  ['of another protocol, as that around VXLAN', set(ip + 9, 17)],
  ['with a header of TCP that is too short', set(ip + 32, 0x40)],
  ['with a header of TCP that is longer than the frame', set(ip + 32, 0xf0)],
  ['whose checksum is elsewhere', set(6, 50)],
  ['whose checksum is in another field', set(8, 6)],
  ['without a size', set(4, 0)],
] as const) {
  t.test(`a frame ${name}`, async (t) => {
    const packet = { ...plainPacket, tcpOptions: 0, payload: new Uint8Array(19) };
    t.ok(read(packet));
    t.notOk(read(packet, change));
  });
}

t.test('headers that are not whole', async (t) => {
  for (const packet of [
    { ...plainPacket, ip: 4, payload: new Uint8Array() },
    { ...plainPacket, ip: 6, extensions: [0, 60], payload: new Uint8Array() },
    { ...plainPacket, ip: 6, protocol: 'udp', payload: new Uint8Array() },
  ] as const) {
    const length = offloadedFrame(packet).length - vnetHeaderLength;
    t.ok(read(packet), 'whole, though without payload');
    for (let cut = 1; cut <= length - 14; cut += 1) if (read(packet, undefined, cut)) t.fail(`cut by ${cut}`);
  }
});

t.test('a checksum that is finished', async (t) => {
  const finished = (bytes: Uint8Array) => setFlags(bytes, 0, 0);
  t.ok(read(plainPacket, finished), 'of TCP, it is made anew');
  t.notOk(read({ ...plainPacket, protocol: 'udp' }, finished));
});

t.test('tags', async (t) => {
  const tags = new Uint8Array(100);
  for (let at = 12; at < 100; at += 4) tags.set([0x81, 0x00], at);
  t.equal(networkOffset(tags, 0, 14), 14);
  t.equal(networkOffset(tags, 0, 18), 18);
  t.equal(networkOffset(tags, 0, 100), 46, 'eight, and no more');
});
