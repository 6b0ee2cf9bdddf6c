/**
 * Who stands behind a uid. A user with a range in subuid(5) can be any uid of it, so to quotas they are one: the
 * account. A uid outside every range is its own account, and a uid inside one has its owner's.
 *
 * Where ranges of several owners overlap nobody can tell which of them it is, and root's ranges and those of unknown
 * owners are for containers: each such stretch is an account of its own, by its first uid. So no owner can use up
 * another's quota, and as many quotas as there are stretches is what a mistake in the file can be worth.
 */
import type { SubordinateRange } from '../core/config.js';

interface Stretch {
  readonly first: number;
  readonly last: number;
  /** Whose ranges these uids are in; not root, not unknown ones. */
  readonly owners: readonly number[];
}

interface Place extends Stretch {
  readonly account: number;
  /** The owners and, where their own uids are subordinate, the owners of those. */
  readonly everyOwner: readonly number[];
}

const nobody: readonly number[] = [];

export class Subordinates {
  /** In ascending order, without overlap. */
  readonly #places: readonly Place[];
  readonly #lowest: number;

  constructor(ranges: readonly SubordinateRange[]) {
    const stretches = cut(ranges);
    this.#places = stretches.map((one) => ({
      ...one,
      account: one.owners.length === 1 ? accountOf(stretches, one.owners[0] as number) : one.first,
      everyOwner: everyOwner(stretches, one.owners),
    }));
    this.#lowest = stretches[0]?.first ?? Number.POSITIVE_INFINITY;
  }

  /** The uid by which the ports and connections of this one count. */
  accountOf(uid: number): number {
    return uid < this.#lowest ? uid : (find(this.#places, uid)?.account ?? uid);
  }

  /** The users who can be this uid besides the one whose own it is. */
  ownersOf(uid: number): readonly number[] {
    return uid < this.#lowest ? nobody : (find(this.#places, uid)?.everyOwner ?? nobody);
  }

  /** Whether a user may see and end the ports of this uid: its owner may, who can be it. */
  manages(user: number, uid: number): boolean {
    return user === uid || (this.accountOf(uid) === user && this.ownersOf(uid).includes(user));
  }
}

/** Cuts the ranges where one begins or ends, so that every uid of a stretch is in the same ones. */
function cut(ranges: readonly SubordinateRange[]): Stretch[] {
  const borders = ranges.flatMap(({ owner, first, last }) => [
    { at: first, owner, by: 1 },
    { at: last + 1, owner, by: -1 },
  ]);
  borders.sort((a, b) => a.at - b.at);
  const stretches: Stretch[] = [];
  const open = new Map<number | undefined, number>();
  let first = 0;
  for (const { at, owner, by } of borders) {
    if (at > first && open.size > 0) {
      const owners = [...open.keys()].filter((one) => one !== undefined);
      stretches.push({ first, last: at - 1, owners: owners.sort((a, b) => a - b) });
    }
    first = at;
    const count = (open.get(owner) ?? 0) + by;
    if (count > 0) open.set(owner, count);
    else open.delete(owner);
  }
  return stretches;
}

/** Follows owners whose own uid is subordinate. Those that own each other are one account, by the lowest of them. */
function accountOf(stretches: readonly Stretch[], uid: number): number {
  const passed: number[] = [];
  for (let at = uid; ; ) {
    if (passed.includes(at)) return Math.min(...passed.slice(passed.indexOf(at)));
    passed.push(at);
    const stretch = find(stretches, at);
    if (stretch === undefined) return at;
    const [owner, another] = stretch.owners;
    if (owner === undefined || another !== undefined) return stretch.first;
    at = owner;
  }
}

function everyOwner(stretches: readonly Stretch[], owners: readonly number[]): readonly number[] {
  const all = new Set(owners);
  for (const owner of all) for (const above of find(stretches, owner)?.owners ?? nobody) all.add(above);
  return [...all];
}

function find<S extends Stretch>(stretches: readonly S[], uid: number): S | undefined {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stretches[middle] as S).last < uid) low = middle + 1;
    else high = middle;
  }
  const found = stretches[low];
  return found !== undefined && found.first <= uid ? found : undefined;
}
