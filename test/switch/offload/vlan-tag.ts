import t from 'tap';
import { vlanAt } from '../../../src/switch/frame.js';
import { putTag, takeTag } from '../../../src/switch/offload/vlan-tag.js';
import { frame, station, tagged } from '../../support/frames.js';

t.test('a tag is put in, and taken off again', async (t) => {
  const plain = frame(station(2), station(1), Uint8Array.of(1, 2, 3));
  const bytes = Uint8Array.of(0xaa, 0, 0, 0, 0, ...plain, 0xaa);
  t.equal(putTag(bytes, 5, 0x07ea, 0x8100), 1);
  t.same(bytes, Uint8Array.of(0xaa, ...tagged(0x7ea, plain), 0xaa));
  t.equal(takeTag(bytes, 1), 5);
  t.same(bytes.subarray(5), Uint8Array.of(...plain, 0xaa));
  t.equal(bytes[0], 0xaa);
});

t.test('priority, and the type of a provider’s tag', async (t) => {
  const bytes = Uint8Array.of(0, 0, 0, 0, ...tagged(5, frame(station(2), station(1))));
  putTag(bytes, 4, 0xe123, 0x88a8);
  t.same([...bytes.subarray(12, 20)], [0x88, 0xa8, 0xe1, 0x23, 0x81, 0x00, 0, 5]);
  t.equal(vlanAt(bytes, 0, bytes.length), 0x123);
});
