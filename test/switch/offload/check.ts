/** What headers that a guest made up are told from those that can be done by. */
import t from 'tap';
import {
  isBad,
  isFinished,
  longestFrame,
  offloadOf,
  segmentsOf,
  wantsChecksum,
  wantsSegments,
} from '../../../src/switch/offload/check.js';
import * as vnet from '../../../src/switch/offload/vnet-header.js';
import { offloadedFrame, type Packet, plainPacket, wireFrame } from '../../support/offload-frames.js';

const { vnetHeaderLength: mac } = vnet;
const packet: Packet = { ...plainPacket, payload: new Uint8Array(2000) };

function verdict(bytes: Uint8Array, change = (_bytes: Uint8Array) => {}): number {
  change(bytes);
  return offloadOf(bytes, 0, mac, bytes.length - mac);
}

t.test('what is to be done', async (t) => {
  t.equal(verdict(Uint8Array.of(...new Uint8Array(mac), ...wireFrame(packet))), isFinished);
  t.equal(
    verdict(offloadedFrame(packet), (bytes) => vnet.setFlags(bytes, 0, vnet.dataValid)),
    isFinished,
  );
  t.equal(verdict(offloadedFrame(packet)), wantsChecksum);
  t.equal(verdict(offloadedFrame(packet, 1000)), wantsSegments);
  t.equal(verdict(offloadedFrame({ ...packet, protocol: 'udp' }, 1000)), wantsSegments);
  t.equal(verdict(offloadedFrame({ ...packet, flags: 0x90 }, 1000)), wantsSegments, 'with ECN');
});

t.test('checksums that are not in the frame, or where the switch reads', async (t) => {
  const length = offloadedFrame(packet).length - mac;
  for (const [start, offset, wanted] of [
    [34, 16, wantsChecksum],
    [34, length - 36, wantsChecksum],
    [34, length - 35, isBad],
    [length - 2, 0, wantsChecksum],
    [length - 1, 0, isBad],
    [0xffff, 0xffff, isBad],
    [0, 0, isBad],
    [0, 6, isBad],
    [33, 10, isBad],
    [14, 30, isBad],
  ] as const) {
    const found = verdict(offloadedFrame(packet), (bytes) => {
      vnet.setChecksumStart(bytes, 0, start);
      vnet.setChecksumOffset(bytes, 0, offset);
    });
    t.equal(found, wanted, `${start} and ${offset}`);
  }
  const tags = offloadedFrame({ ...packet, tags: [1, 2] });
  t.equal(verdict(tags), wantsChecksum);
  t.equal(
    verdict(tags, (bytes) => vnet.setChecksumStart(bytes, 0, 41)),
    isBad,
    'the tags are not IP’s',
  );
});

t.test('headers that nobody knows', async (t) => {
  for (const flags of [4, 8, 0x80, 0xff])
    t.equal(
      verdict(offloadedFrame(packet), (bytes) => vnet.setFlags(bytes, 0, flags)),
      isBad,
    );
  for (let type = 0; type < 256; type += 1) {
    const found = verdict(offloadedFrame(packet, 1000), (bytes) => vnet.setGsoType(bytes, 0, type));
    const known = type === vnet.gsoTcp4 || type === (vnet.gsoTcp4 | vnet.gsoEcn);
    t.equal(found, type === 0 ? wantsChecksum : known ? wantsSegments : isBad, `type ${type}`);
  }
  t.equal(
    verdict(offloadedFrame({ ...packet, protocol: 'udp' }, 1000), (bytes) =>
      vnet.setGsoType(bytes, 0, vnet.gsoUdp | vnet.gsoEcn),
    ),
    isBad,
    'UDP knows no ECN',
  );
  t.equal(
    verdict(offloadedFrame(packet), (bytes) => vnet.setGsoType(bytes, 0, vnet.gsoUdpFragments)),
    isBad,
  );
  t.equal(
    verdict(offloadedFrame(packet), (bytes) => vnet.setHeaderLength(bytes, 0, bytes.length)),
    isBad,
  );
});

t.test('the longest that comes of it', async (t) => {
  const longest = (bytes: Uint8Array) => longestFrame(bytes, 0, mac, bytes.length - mac);
  t.equal(longest(offloadedFrame(packet)), 66 + 2000);
  t.equal(longest(offloadedFrame(packet, 1448)), 1514);
  t.equal(longest(offloadedFrame(packet, 5000)), 66 + 2000);
});

t.test('how many frames come of it', async (t) => {
  const count = (bytes: Uint8Array) => segmentsOf(bytes, 0, mac, bytes.length - mac);
  t.same(
    [1448, 1000, 5000, 1999].map((size) => count(offloadedFrame(packet, size))),
    [2, 2, 1, 2],
  );
  t.equal(count(offloadedFrame({ ...packet, payload: new Uint8Array() }, 5)), 1);
  t.equal(count(offloadedFrame(packet)), 0, 'it is none that becomes any');
});
