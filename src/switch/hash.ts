/**
 * Simple tabulation hashing (Zobrist 1970; Pătraşcu and Thorup, "The Power of Simple Tabulation Hashing", 2011): a table of
 * random numbers for each byte of the key. Linear probing with it takes a constant expected number of steps whatever the
 * keys are, as long as who chooses them does not see the tables: guests choose MAC addresses.
 */

/** Six of the address, two of the network. */
const keyBytes = 8;

export class AddressHash {
  readonly #tables: Int32Array;

  /** @param fill makes every byte random and unknown to others, as crypto.randomFillSync does. */
  constructor(fill: (tables: Int32Array) => unknown) {
    this.#tables = new Int32Array(keyBytes * 256);
    fill(this.#tables);
  }

  /**
   * @param low bytes 2 to 5 of the address.
   * @param high bytes 0 and 1, then the network, 0 to 65535.
   * @returns any 32 bits, as a signed number.
   */
  ofWords(low: number, high: number): number {
    const t = this.#tables;
    return (
      (t[high >>> 24] as number) ^
      (t[0x100 | ((high >>> 16) & 0xff)] as number) ^
      (t[0x200 | (low >>> 24)] as number) ^
      (t[0x300 | ((low >>> 16) & 0xff)] as number) ^
      (t[0x400 | ((low >>> 8) & 0xff)] as number) ^
      (t[0x500 | (low & 0xff)] as number) ^
      (t[0x600 | (high & 0xff)] as number) ^
      (t[0x700 | ((high >>> 8) & 0xff)] as number)
    );
  }

  /** The same, of an address that lies in `bytes` from `at` on. */
  of(network: number, bytes: Uint8Array, at: number): number {
    return this.ofWords(lowWord(bytes, at), highWord(bytes, at, network));
  }
}

/** Bytes 2 to 5. */
export function lowWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at + 2] as number) << 24) |
    ((bytes[at + 3] as number) << 16) |
    ((bytes[at + 4] as number) << 8) |
    (bytes[at + 5] as number)
  );
}

/** Bytes 0 and 1, then the network. */
export function highWord(bytes: Uint8Array, at: number, network: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | network;
}
