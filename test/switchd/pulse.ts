import t from 'tap';
import { Pulse } from '../../src/switchd/pulse.js';

const [start, wrap] = [0, 0x7fff_fffe];

for (const first of [start, wrap]) {
  const scene = () => {
    const pulse = new Pulse();
    pulse.memory[0] = first;
    // By then it has been seen there
    if (first !== start) pulse.look();
    return { pulse, move: () => Atomics.add(pulse.memory, 0, 1) };
  };

  t.test(`from ${first}: one that waits is none that hangs, for as long as nobody has woken it`, async (t) => {
    const { pulse, move } = scene();
    move();
    for (let looks = 0; looks < 10; looks += 1) t.equal(pulse.look(), 0);
    pulse.expect();
    t.same(
      [1, 2, 3].map(() => pulse.look()),
      [1, 2, 3],
      'it does not wake up',
    );
    move();
    t.equal(pulse.look(), 0, 'it did');
    t.equal(pulse.look(), 1, 'and does not come to its next wait');
    move();
    t.same(
      [1, 2].map(() => pulse.look()),
      [0, 0],
    );
  });

  t.test(`from ${first}: one that was woken at work has to take another turn`, async (t) => {
    const { pulse, move } = scene();
    pulse.expect();
    move();
    t.equal(pulse.look(), 0, 'it has moved');
    t.equal(pulse.look(), 1, 'but not for that');
    move();
    move();
    t.same(
      [1, 2].map(() => pulse.look()),
      [0, 0],
    );
  });

  t.test(`from ${first}: one that works on and on is seen by its moves`, async (t) => {
    const { pulse, move } = scene();
    for (let looks = 0; looks < 10; looks += 1) {
      move();
      move();
      t.equal(pulse.look(), 0);
    }
    t.same(
      [1, 2].map(() => pulse.look()),
      [1, 2],
    );
  });
}

t.test('one with more to do than a look is long is seen by the parts of it', async (t) => {
  const pulse = new Pulse();
  Atomics.add(pulse.memory, 0, 2);
  for (let looks = 0; looks < 10; looks += 1) {
    Atomics.add(pulse.memory, 1, 1);
    t.equal(pulse.look(), 0);
  }
  t.same(
    [1, 2].map(() => pulse.look()),
    [1, 2],
  );
});

t.test('one that never starts', async (t) => {
  const pulse = new Pulse();
  t.same(
    [1, 2].map(() => pulse.look()),
    [1, 2],
  );
});
