import t from 'tap';
import { Subordinates } from '../../src/acl/subordinates.js';
import type { SubordinateRange } from '../../src/core/config.js';

const [alice, bob, carol] = [1000, 1001, 1002];
const range = (owner: number | undefined, first: number, last: number): SubordinateRange => ({ owner, first, last });
/** uid, account, owners. */
type Row = readonly [number, number, readonly number[]];

function check(t: Tap, ranges: readonly SubordinateRange[], rows: readonly Row[]): void {
  for (const order of [ranges, [...ranges].reverse()]) {
    const found = new Subordinates(order);
    for (const [uid, account, owners] of rows) {
      t.equal(found.accountOf(uid), account, `account of ${uid}`);
      t.same(found.ownersOf(uid), owners, `owners of ${uid}`);
    }
  }
}
type Tap = Pick<typeof t, 'equal' | 'same'>;

t.test('without ranges everybody is their own account', async (t) => {
  check(
    t,
    [],
    [0, 1, 1000, 65_534, 4_294_967_294].map((uid) => [uid, uid, []]),
  );
});

t.test('a uid of a range has its owner’s, from the first to the last', async (t) => {
  const ranges = [range(alice, 100_000, 165_535), range(bob, 165_536, 231_071), range(alice, 300_000, 300_000)];
  check(t, ranges, [
    [alice, alice, []],
    [99_999, 99_999, []],
    [100_000, alice, [alice]],
    [165_535, alice, [alice]],
    [165_536, bob, [bob]],
    [231_071, bob, [bob]],
    [231_072, 231_072, []],
    [299_999, 299_999, []],
    [300_000, alice, [alice]],
    [300_001, 300_001, []],
    [4_294_967_294, 4_294_967_294, []],
  ]);
  check(
    t,
    [range(alice, 1, 4_294_967_294)],
    [
      [0, 0, []],
      [alice, alice, [alice]],
      [4_294_967_294, alice, [alice]],
    ],
  );
});

t.test('what several own is an account of its own, and each of them is denied there', async (t) => {
  const ranges = [range(alice, 100, 299), range(bob, 200, 399), range(carol, 250, 259), range(alice, 120, 130)];
  check(t, ranges, [
    [100, alice, [alice]],
    [125, alice, [alice]],
    [199, alice, [alice]],
    [200, 200, [alice, bob]],
    [249, 200, [alice, bob]],
    [250, 250, [alice, bob, carol]],
    [259, 250, [alice, bob, carol]],
    [260, 260, [alice, bob]],
    [299, 260, [alice, bob]],
    [300, bob, [bob]],
    [399, bob, [bob]],
    [400, 400, []],
  ]);
});

t.test('what is root’s or an unknown user’s is an account of its own, and nobody’s in particular', async (t) => {
  const ranges = [range(undefined, 1000, 1000), range(undefined, 100_000, 199_999), range(alice, 110_000, 119_999)];
  check(t, ranges, [
    [alice, alice, []],
    [100_000, 100_000, []],
    [109_999, 100_000, []],
    [110_000, alice, [alice]],
    [120_000, 120_000, []],
    [199_999, 120_000, []],
  ]);
});

t.test('an owner whose own uid is subordinate', async (t) => {
  check(
    t,
    [range(alice, 1001, 1001), range(bob, 100, 199)],
    [
      [bob, alice, [alice]],
      [150, alice, [bob, alice]],
    ],
  );
  check(
    t,
    [range(alice, 1000, 1000), range(alice, 100, 199)],
    [
      [alice, alice, [alice]],
      [150, alice, [alice]],
    ],
  );
  const circle = [range(alice, 1001, 1001), range(bob, 1000, 1000), range(bob, 100, 199)];
  check(t, circle, [
    [alice, alice, [bob, alice]],
    [bob, alice, [alice, bob]],
    [150, alice, [bob, alice]],
  ]);
  check(
    t,
    [range(alice, 1000, 1999), range(bob, 1000, 1999), range(bob, 100, 199)],
    [
      [bob, 1000, [alice, bob]],
      [150, 1000, [bob, alice]],
    ],
  );
});

t.test('an account is its own account, however the ranges lie', async (t) => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 300; round++) {
    const ranges = Array.from({ length: random(8) }, () => {
      const first = 1 + random(40);
      return range(random(4) === 0 ? undefined : 1 + random(40), first, first + random(10));
    });
    const found = new Subordinates(ranges);
    for (let uid = 0; uid < 60; uid++) {
      const account = found.accountOf(uid);
      const owners = new Set(
        ranges.flatMap(({ owner, first, last }) => (owner !== undefined && first <= uid && uid <= last ? [owner] : [])),
      );
      const [only, another] = owners;
      if (found.accountOf(account) !== account) t.fail(`${account} of ${JSON.stringify(ranges)}`);
      if ([...owners].some((owner) => !found.ownersOf(uid).includes(owner))) t.fail(`owners of ${uid}`);
      if (only !== undefined && another === undefined && found.accountOf(only) !== account)
        t.fail(`${uid} and ${only}`);
    }
  }
  t.pass('300 files');
});

t.test('who sees and ends whose ports', async (t) => {
  const found = new Subordinates([
    range(alice, 100, 199),
    range(bob, 150, 159),
    range(undefined, 1000, 1009),
    range(carol, 200, 209),
  ]);
  const table: [number, number, boolean][] = [
    [7, 7, true],
    [7, 8, false],
    [150, 150, true],
    [150, 151, false],
    [alice, 120, true],
    [120, alice, false],
    [120, 121, false],
    [bob, 120, false],
    [alice, 150, false],
    [alice, 1005, false],
    [1005, alice, false],
    [alice, 205, false],
  ];
  for (const [user, uid, may] of table) t.equal(found.manages(user, uid), may, `${user}, ${uid}`);
  t.ok(new Subordinates([range(carol, 200, 209)]).manages(carol, 209));
});
