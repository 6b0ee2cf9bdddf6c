/**
 * Follows the interfaces that networks with guests are on, and says when something has happened to one. What the kernel
 * tells of others does not come as far as here.
 */
import { performance } from 'node:perf_hooks';
import type { InterfaceName } from '../core/names.js';
import { describeSysError } from '../core/sys-error.js';
import type { InterfaceEvents } from '../kernel/interface-events.js';
import type { Kernel } from '../kernel/kernel.js';
import { complain } from './complain.js';

/** Datagrams of rtnetlink taken in one turn. */
const batch = 64;
/** Milliseconds that events have for coming together; as an interface is made some ten come. */
const settling = 50;
/** What comes of an event takes one part in so many of the time, however many events there are. */
const share = 10;

export class Wires implements Disposable {
  /** ifindexes by name; undefined: there is no such interface. */
  readonly #indexes = new Map<InterfaceName, number | undefined>();
  #gone = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds that it took last. */
  #cost = 0;

  /**
   * @param events belongs to this from now on; {@link take} is to be called when it is readable.
   * @param happened is called once for all that comes within a moment, with the ifindexes of links that have gone.
   */
  constructor(
    private readonly kernel: Pick<Kernel, 'linkByName'>,
    private readonly events: Pick<InterfaceEvents, 'watch' | 'read' | typeof Symbol.dispose>,
    private readonly happened: (gone: ReadonlySet<number>) => void,
  ) {}

  /** Before its state is looked at, so that nothing falls between the two. */
  follow(name: InterfaceName): void {
    if (this.#indexes.has(name)) return;
    this.#watch([name]);
  }

  /** The others are of no interest any more. */
  only(names: ReadonlySet<InterfaceName>): void {
    const others = [...this.#indexes.keys()].filter((name) => !names.has(name));
    for (const name of others) this.#indexes.delete(name);
    if (others.length > 0) this.#watch([]);
  }

  take(): void {
    const { any, gone } = this.events.read(batch);
    if (!any) return;
    for (const ifindex of gone) this.#gone.add(ifindex);
    this.#timer ??= setTimeout(() => this.#settle(), Math.max(settling, share * this.#cost));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.events[Symbol.dispose]();
  }

  #settle(): void {
    this.#timer = undefined;
    const started = performance.now();
    const gone = this.#gone;
    this.#gone = new Set();
    this.#watch([...this.#indexes.keys()]);
    this.happened(gone);
    this.#cost = performance.now() - started;
  }

  /**
   * By the names, and by the numbers that they have: addresses are told by numbers.
   *
   * @param anew those that may have another number by now, or are new here.
   */
  #watch(anew: readonly InterfaceName[]): void {
    for (const name of anew) this.#indexes.set(name, this.kernel.linkByName(name).unwrapOr(undefined)?.ifindex);
    const indexes = [...this.#indexes.values()].filter((index) => index !== undefined);
    const watched = this.events.watch([...this.#indexes.keys()], indexes);
    if (watched.isErr()) complain(`interfaces cannot be followed: ${describeSysError(watched.error)}`);
  }
}
