import { endianness } from 'node:os';
import t from 'tap';
import * as vnet from '../../../src/switch/offload/vnet-header.js';

t.test('fields are where linux/virtio_net.h has them, in this host’s byte order', async (t) => {
  const bytes = new Uint8Array(14).fill(0xaa);
  vnet.setFlags(bytes, 2, vnet.needsChecksum);
  vnet.setGsoType(bytes, 2, vnet.gsoTcp6 | vnet.gsoEcn);
  vnet.setHeaderLength(bytes, 2, 0x0102);
  vnet.setGsoSize(bytes, 2, 0x0304);
  vnet.setChecksumStart(bytes, 2, 0x0506);
  vnet.setChecksumOffset(bytes, 2, 0x0708);
  const words = [0x0102, 0x0304, 0x0506, 0x0708];
  const view = new DataView(bytes.buffer, 2);
  t.same(
    words.map((_, i) => view.getUint16(2 + 2 * i, endianness() === 'LE')),
    words,
  );
  t.same([...bytes.subarray(0, 4)], [0xaa, 0xaa, 1, 0x84]);
  t.same([...bytes.subarray(12)], [0xaa, 0xaa]);
  t.same([vnet.flagsOf(bytes, 2), vnet.gsoTypeOf(bytes, 2)], [1, 0x84]);
  const read = [vnet.headerLengthOf, vnet.gsoSizeOf, vnet.checksumStartOf, vnet.checksumOffsetOf];
  t.same(
    read.map((field) => field(bytes, 2)),
    words,
  );
  vnet.clearVnetHeader(bytes, 2);
  t.same([...bytes], [0xaa, 0xaa, ...new Uint8Array(10), 0xaa, 0xaa]);
});

t.test('it follows a tag', async (t) => {
  const bytes = new Uint8Array(10);
  vnet.shiftVnetHeader(bytes, 0, 4);
  t.same(bytes, new Uint8Array(10), 'one without anything stays so');
  vnet.setFlags(bytes, 0, vnet.needsChecksum);
  vnet.setChecksumStart(bytes, 0, 34);
  vnet.setHeaderLength(bytes, 0, 54);
  vnet.shiftVnetHeader(bytes, 0, 4);
  t.same([vnet.checksumStartOf(bytes, 0), vnet.headerLengthOf(bytes, 0)], [38, 58]);
  vnet.shiftVnetHeader(bytes, 0, -4);
  t.same([vnet.checksumStartOf(bytes, 0), vnet.headerLengthOf(bytes, 0)], [34, 54]);
});
