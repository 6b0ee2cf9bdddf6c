import t from 'tap';
import { completeSctp, isSctp } from '../../../src/switch/offload/sctp.js';
import * as vnet from '../../../src/switch/offload/vnet-header.js';
import { station } from '../../support/frames.js';
import { offloadedFrame, plainPacket } from '../../support/offload-frames.js';

const { vnetHeaderLength: mac } = vnet;

/** A bit at a time. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Behind a header that leaves the checksum to others. @param padding behind the packet. */
function sctpFrame(ip: 4 | 6, tags: readonly number[], payload: Uint8Array, padding = 0): Uint8Array {
  const bytes = 12 + payload.length;
  const network =
    ip === 4
      ? [0x45, 0, 0, 20 + bytes, 0, 0, 0, 0, 64, 132, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
      : [0x60, 0, 0, 0, 0, bytes, 132, 64, ...new Uint8Array(32).fill(7)];
  const between = [...tags.flatMap((tag) => [0x81, 0, 0, tag]), ...(ip === 4 ? [0x08, 0] : [0x86, 0xdd])];
  const head = [...station(2), ...station(1), ...between, ...network];
  const header = new Uint8Array(mac);
  vnet.setFlags(header, 0, vnet.needsChecksum);
  vnet.setChecksumStart(header, 0, head.length);
  vnet.setChecksumOffset(header, 0, 8);
  const ports = [0, 1, 0, 2, 9, 9, 9, 9];
  return Uint8Array.of(...header, ...head, ...ports, 0xaa, 0xbb, 0xcc, 0xdd, ...payload, ...new Uint8Array(padding));
}

t.test('the check value of CRC-32C', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

t.test('completed by its own rule, whatever is before and behind', async (t) => {
  for (const ip of [4, 6] as const) {
    for (const tags of [[], [7], [7, 9]]) {
      for (const padding of [0, 5]) {
        const bytes = sctpFrame(
          ip,
          tags,
          Uint8Array.from({ length: 70 }, (_, i) => i * 3),
          padding,
        );
        const length = bytes.length - mac;
        t.ok(isSctp(bytes, 0, mac, length));
        const start = mac + vnet.checksumStartOf(bytes, 0);
        completeSctp(bytes, 0, mac, length);
        const packet = Buffer.from(bytes.subarray(start, start + 82));
        const found = packet.readUInt32LE(8);
        packet.writeUInt32LE(0, 8);
        t.equal(found, crc32c(packet), `IPv${ip} ${tags} ${padding}`);
        t.equal(vnet.flagsOf(bytes, 0), 0);
        t.same(bytes.subarray(mac + length - padding), new Uint8Array(padding));
      }
    }
  }
});

t.test('what is none', async (t) => {
  const cut = sctpFrame(4, [], new Uint8Array());
  t.ok(isSctp(cut, 0, mac, cut.length - mac));
  t.notOk(isSctp(cut, 0, mac, cut.length - mac - 1), 'half a checksum');
  for (const protocol of ['tcp', 'udp'] as const) {
    const bytes = offloadedFrame({ ...plainPacket, protocol });
    t.notOk(isSctp(bytes, 0, mac, bytes.length - mac));
    vnet.setChecksumOffset(bytes, 0, 8);
    t.notOk(isSctp(bytes, 0, mac, bytes.length - mac));
  }
});
