import t from 'tap';
import { frameBatch } from '../../src/kernel/frame-io.js';
import { Slots, slabBytes } from '../../src/switchd/slots.js';

t.test('small and large frames have places of their own, until there are none', async (t) => {
  const slots = new Slots();
  for (const bytes of [1518, 9000]) {
    const seen = new Set<number>();
    for (let first = slots.place(bytes); first >= 0; first = slots.place(bytes)) {
      t.ok((slots.io.room[first] as number) >= bytes && (slots.io.room[first + frameBatch - 1] as number) >= bytes);
      t.ok(first < slots.firstSegment);
      slots.take(first, frameBatch - 1);
      if (seen.has(first)) throw new Error(`slot ${first} twice`);
      seen.add(first);
    }
    t.ok(seen.size >= 2);
  }
  slots.clear();
  t.equal(slots.place(64), 0);
});

t.test('what they take is stated', async (t) => {
  const taken = new Slots().io.regions.reduce((sum, region) => sum + region.length, 0);
  t.equal(taken, slabBytes);
});
