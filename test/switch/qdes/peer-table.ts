import { randomFillSync } from 'node:crypto';
import t from 'tap';
import { AddressHash } from '../../../src/switch/hash.js';
import { groupPlace, listPeers, peerAddressSize } from '../../../src/switch/qdes/peer-memory.js';
import { noPeer, PeerTable } from '../../../src/switch/qdes/peer-table.js';
import { randomNumbers } from '../../support/random.js';

const hash = () => new AddressHash(randomFillSync);
const table = (capacity: number) => new PeerTable(capacity, 0, hash());

/** That many'th address, at an offset. */
function address(number: number, six = false): Uint8Array {
  const bytes = new Uint8Array(7 + peerAddressSize);
  bytes[7] = six ? 10 : 2;
  bytes[7 + (six ? 23 : 7)] = number;
  bytes[7 + (six ? 22 : 6)] = number >>> 8;
  return bytes;
}

t.test('peers come, are found by their address, and go', async (t) => {
  const peers = table(4);
  t.equal(peers.find(address(1), 7), noPeer);
  const one = peers.add(address(1), 7, false, 10);
  const other = peers.add(address(2, true), 7, false, 10);
  t.equal(peers.find(address(1), 7), one);
  t.equal(peers.find(address(2, true), 7), other);
  t.equal(peers.find(address(2), 7), noPeer, 'of the other family');
  t.equal(peers.size, 2);
  peers.leave(one);
  t.notOk(peers.isCurrent(one));
  t.ok(peers.isCurrent(other));
  t.equal(peers.find(address(1), 7), noPeer);
  const next = peers.add(address(3), 7, false, 10);
  t.equal(peers.placeOf(next), peers.placeOf(one), 'its place is used again');
  t.not(next, one);
  t.notOk(peers.isCurrent(one), 'and yet nobody takes one for the other');
  t.notOk(peers.isCurrent(noPeer));
});

t.test('who was found last is nobody once gone, and another at that place is another', async (t) => {
  const peers = table(4);
  const one = peers.add(address(1), 7, false, 0);
  t.equal(peers.find(address(1), 7), one);
  t.equal(peers.find(address(1), 7), one);
  peers.leave(one);
  t.equal(peers.find(address(1), 7), noPeer);
  const again = peers.add(address(1), 7, false, 0);
  t.equal(peers.placeOf(again), peers.placeOf(one));
  t.equal(peers.find(address(1), 7), again);
  peers.leave(again);
  const other = peers.add(address(2), 7, false, 0);
  t.equal(peers.find(address(1), 7), noPeer);
  t.equal(peers.find(address(2), 7), other);
  const fixed = new PeerTable(4, 1, hash());
  const named = fixed.add(address(3), 7, true, 0);
  t.equal(fixed.find(address(3), 7), named);
  fixed.leave(named);
  t.not(fixed.find(address(3), 7), named, 'of who is named the number is another');
  t.ok(fixed.isCurrent(fixed.find(address(3), 7)));
});

t.test('a full table takes nobody more', async (t) => {
  const peers = table(2);
  const one = peers.add(address(1), 7, false, 0);
  peers.add(address(2), 7, true, 0);
  t.equal(peers.add(address(3), 7, false, 0), noPeer);
  peers.leave(one);
  t.not(peers.add(address(3), 7, false, 0), noPeer);
});

t.test('it grows with its peers, and what is known of them moves along', async (t) => {
  const moves: number[] = [];
  const peers = new PeerTable(300, 2, hash(), ({ state }) => moves.push(state.length));
  peers.addresses[groupPlace] = 99;
  const at = peers.memory;
  const numbers = [...Array(300).keys()].map((number) => peers.add(address(number), 7, number < 2, number));
  t.same(moves, [28, 112, 301], 'by four, and no further than it may');
  t.not(peers.memory, at);
  t.equal(peers.addresses[groupPlace], 99);
  t.same(
    numbers.map((peer, number) => [peers.find(address(number), 7), peers.isCurrent(peer), peers.placeOf(peer)]),
    numbers.map((peer, number) => [peer, true, groupPlace + 1 + number]),
  );
  t.same(peers.add(address(300), 7, false, 0), noPeer);
  t.match(listPeers(peers.memory).slice(1, 4), [{ fixed: true }, { seen: 2 }, { seen: 3 }]);
});

t.test('a number that was given away before it grew is nobody’s afterwards', async (t) => {
  const peers = table(64);
  const one = peers.add(address(1), 7, false, 0);
  peers.leave(one);
  for (let number = 2; number < 20; number += 1) peers.add(address(number), 7, false, 0);
  t.notOk(peers.isCurrent(one));
  t.not(peers.find(address(2), 7), one);
});

t.test('who has answered gets the place of one who has not, and of nobody else', async (t) => {
  const peers = table(3);
  const [fixed, sure, stranger] = [
    peers.add(address(1), 7, true, 0),
    peers.add(address(2), 7, false, 0),
    peers.add(address(3), 7, false, 0),
  ];
  peers.measure(sure, 100);
  t.same([peers.hasAnswered(sure), peers.hasAnswered(stranger)], [true, false]);
  peers.makeRoom();
  t.same(
    [fixed, sure, stranger].map((peer) => peers.isCurrent(peer)),
    [true, true, false],
  );
  peers.makeRoom();
  t.equal(peers.size, 2, 'there is room');
  const next = peers.add(address(4), 7, false, 0);
  t.notOk(peers.hasAnswered(next));
  peers.measure(next, 100);
  peers.makeRoom();
  t.equal(peers.size, 3);
});

t.test('who is silent goes; who is configured stays, and what was behind it is forgotten', async (t) => {
  const peers = table(4);
  const [one, fixed] = [peers.add(address(1), 7, false, 100), peers.add(address(2), 7, true, 100)];
  t.match(peers.list(), [
    { place: 1, fixed: false, seen: 100, roundTrip: undefined },
    { place: 2, fixed: true, seen: undefined },
  ]);
  peers.hear(one, -1, 110);
  peers.measure(one, 250);
  peers.hear(fixed, 7, 110);
  t.match(peers.list(), [
    { seen: 110, roundTrip: 250, sender: 0xffffffff },
    { seen: 110, sender: 7 },
  ]);
  peers.age(125, 15);
  t.ok(peers.isCurrent(one));
  peers.age(126, 15);
  t.notOk(peers.isCurrent(one));
  t.notOk(peers.isCurrent(fixed));
  const again = peers.find(address(2), 7);
  t.ok(peers.isCurrent(again));
  t.match(peers.list(), [{ place: 2, fixed: true, seen: undefined, roundTrip: undefined }]);
  peers.age(1000, 15);
  t.ok(peers.isCurrent(again), 'silence is told once');
});

t.test('a million changes, as a map has them', async (t) => {
  const random = randomNumbers(7);
  const peers = table(64);
  const known = new Map<number, number>();
  let wrong = 0;
  for (let i = 0; i < 1_000_000; i += 1) {
    const number = random(100);
    const bytes = address(number, number % 2 === 0);
    const peer = peers.find(bytes, 7);
    if (peer !== (known.get(number) ?? noPeer)) wrong += 1;
    if (peer === noPeer) {
      const added = peers.add(bytes, 7, false, i);
      if ((added === noPeer) !== (known.size === 64)) wrong += 1;
      if (added !== noPeer) known.set(number, added);
    } else if (random(3) === 0) {
      peers.leave(peer);
      known.delete(number);
    }
  }
  t.equal(wrong, 0);
  t.equal(peers.size, known.size);
  for (const peer of known.values()) t.ok(peers.isCurrent(peer));
});
