import t from 'tap';
import {
  BlockReader,
  blockTypes,
  interfaceBlock,
  packetBlock,
  readLost,
  sectionBlock,
  statisticsBlock,
} from '../../src/protocol/pcapng.js';

const frame = Uint8Array.from({ length: 61 }, (_, i) => i);
const time = 1_800_000_000_123_456;

t.test('the bytes of the blocks', async (t) => {
  t.equal(
    sectionBlock('me').toString('hex'),
    `0a0d0d0a28000000${'4d3c2b1a'}01000000${'ff'.repeat(8)}04000200${'6d650000'}00000000${'28000000'}`,
  );
  t.equal(
    interfaceBlock('p0', 'x').toString('hex'),
    `01000000${'28000000'}0100000000000000${'02000200'}70300000${'03000100'}78000000${'00000000'}28000000`,
  );
  const packet = packetBlock(3, 'out', time, frame, 1500);
  t.equal(packet.readUInt32LE(0), 6);
  t.equal(packet.readUInt32LE(4), packet.length);
  t.equal(packet.readUInt32LE(packet.length - 4), packet.length);
  t.equal(packet.readUInt32LE(8), 3);
  t.equal(packet.readUInt32LE(12) * 2 ** 32 + packet.readUInt32LE(16), time);
  t.equal(packet.readUInt32LE(20), 61);
  t.equal(packet.readUInt32LE(24), 1500);
  t.same(new Uint8Array(packet.subarray(28, 89)), frame);
  t.equal(packet.subarray(89).toString('hex'), `000000${'02000400'}02000000${'00000000'}6c000000`);
  t.match(packetBlock(3, 'in', time, frame, 61).toString('hex'), /0200040001000000/);
});

t.test('what an interface lost', async (t) => {
  t.same(readLost(statisticsBlock(2, time, 10, 2 ** 40)), { interfaceId: 2, frames: 2 ** 40 });
  const without = Buffer.from(statisticsBlock(2, time, 10, 3));
  without.writeUInt16LE(0, 20);
  t.equal(readLost(without), undefined);
  without.writeUInt16LE(9, 20);
  without.writeUInt16LE(60_000, 22);
  t.equal(readLost(without), undefined);
});

t.test('blocks out of a stream cut anywhere', async (t) => {
  const blocks = [
    sectionBlock('me'),
    interfaceBlock('p', ''),
    packetBlock(0, 'in', time, frame, 61),
    statisticsBlock(0, time, 1, 0),
  ];
  const all = Buffer.concat(blocks);
  for (const step of [1, 3, 7, 40, 1000]) {
    const reader = new BlockReader();
    const found: Buffer[] = [];
    for (let at = 0; at < all.length; at += step) found.push(...(reader.push(all.subarray(at, at + step)) ?? []));
    t.same(found, blocks, `by ${step}`);
  }
  t.equal(found(blocks[0] as Buffer), blockTypes.section);
  t.equal(new BlockReader().push(Buffer.from('{"tell":"refused"}\n')), undefined);
  t.equal(new BlockReader().push(Buffer.alloc(8)), undefined);
});

function found(block: Buffer): number {
  return block.readUInt32LE(0);
}
