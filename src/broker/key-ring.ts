/**
 * The keys of QDES networks that have guests. A file is read when the first one comes and when the configuration is read
 * anew, and never between: what an interface does makes no difference to it.
 */
import { ok, type Result } from 'neverthrow';
import type { QdesNetwork } from '../core/config.js';
import type { NetworkName } from '../core/names.js';
import { readKeyFile } from '../kernel/key-file.js';

type Keys = readonly string[] | undefined;

export class KeyRing {
  readonly #kept = new Map<NetworkName, Keys>();

  /** @param user whose the files may be besides root's. */
  constructor(private readonly user: number) {}

  /** The error is a clause that says what is wrong with the file, and what to do. */
  of(network: QdesNetwork): Result<Keys, string> {
    if (this.#kept.has(network.name)) return ok(this.#kept.get(network.name));
    const keys = this.#read(network);
    if (keys.isOk()) this.#kept.set(network.name, keys.value);
    return keys;
  }

  /** What a port has that another broker has made. */
  adopt(network: NetworkName, keys: Keys): void {
    this.#kept.set(network, keys);
  }

  /** The network has no guest any more. */
  forget(network: NetworkName): void {
    this.#kept.delete(network);
  }

  /**
   * Reads the files of all these networks, as far as keys are kept for them; the others are looked at.
   *
   * @returns what is wrong, a line each, with the section's file and line. Keys that were kept stay then.
   */
  reread(networks: Iterable<QdesNetwork>): string[] {
    return [...networks].flatMap((network) => {
      const { name, origin } = network;
      const keys = this.#read(network);
      const kept = this.#kept.has(name);
      if (keys.isErr()) {
        const what = kept ? 'the keys before stay in use' : 'no guest gets the network until it can be used';
        return [`${origin.file}:${origin.line}: [network ${name}] key-file: ${keys.error}; ${what}`];
      }
      if (kept) this.#kept.set(name, keys.value);
      return [];
    });
  }

  #read({ keyFile }: QdesNetwork): Result<Keys, string> {
    return keyFile === undefined ? ok(undefined) : readKeyFile(keyFile, this.user);
  }
}
