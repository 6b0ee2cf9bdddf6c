/**
 * Guests of networks whose address is in use, as that of a socket which switch and keeper have not closed yet: they wait a
 * moment for it. Anybody can have a port of UDP for as long as they like, so one try serves all who wait, and the fewer
 * tries each network gets the more networks there are such.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Result } from 'neverthrow';
import type { NetworkName } from '../core/names.js';
import type { SwitchedNetwork } from '../core/switched.js';
import type { NetworkError } from '../networks/network.js';

/** Milliseconds that are waited at most, and between two tries, of all networks together. */
const [patience, pause] = [2000, 20];

export class AddressWaits {
  readonly #waits = new Map<NetworkName, Promise<Result<void, NetworkError>>>();

  /** @param bring makes what the network needs, where it is not there. */
  constructor(private readonly bring: (network: SwitchedNetwork) => Result<void, NetworkError>) {}

  /** Resolves to what the last try gave, when the address is in use no more, or nobody waits for that any longer. */
  until(network: SwitchedNetwork): Promise<Result<void, NetworkError>> {
    const known = this.#waits.get(network.name);
    if (known !== undefined) return known;
    const wait = this.#try(network).finally(() => this.#waits.delete(network.name));
    this.#waits.set(network.name, wait);
    return wait;
  }

  async #try(network: SwitchedNetwork): Promise<Result<void, NetworkError>> {
    const began = performance.now();
    for (;;) {
      await delay(Math.min(patience, pause * Math.max(1, this.#waits.size)));
      const made = this.bring(network);
      if (!isInUse(made) || performance.now() - began >= patience) return made;
    }
  }
}

/** Whether that is why it could not be made. */
export function isInUse(made: Result<void, NetworkError>): boolean {
  return made.isErr() && made.error.cause?.code === 'EADDRINUSE';
}
