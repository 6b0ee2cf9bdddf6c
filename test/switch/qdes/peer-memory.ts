import t from 'tap';
import { groupPlace, listPeers, peerAddressSize, peerMemory } from '../../../src/switch/qdes/peer-memory.js';

t.test('every field has a place of its own', async (t) => {
  const memory = peerMemory(3);
  memory.seen.fill(1.5);
  memory.roundTrip.fill(2.5);
  memory.sender.fill(3);
  memory.addresses.fill(4);
  memory.state.fill(2);
  t.same([...memory.seen, ...memory.roundTrip, ...memory.sender], [1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 3, 3, 3]);
  t.same([...memory.addresses], new Array(3 * peerAddressSize).fill(4));
  t.same([...memory.state], [2, 2, 2]);
  t.equal(new Set(Object.values(memory).map(({ buffer }) => buffer)).size, 1, 'in one piece');
});

t.test('a larger one begins with what a smaller one has', async (t) => {
  const small = peerMemory(2);
  small.addresses.set([7, 8, 9], peerAddressSize);
  small.state[1] = 1;
  small.sender[1] = -1;
  small.seen[1] = 12;
  small.roundTrip[1] = Number.NaN;
  const large = peerMemory(5, small);
  t.same([...large.addresses.subarray(peerAddressSize, peerAddressSize + 4)], [7, 8, 9, 0]);
  t.same(listPeers(large), [{ place: 1, fixed: false, sender: 0xffffffff, seen: 12, roundTrip: undefined }]);
  t.equal(large.state[groupPlace], 0);
});
