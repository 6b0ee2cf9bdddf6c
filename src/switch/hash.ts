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
   * @param network 0 to 65535.
   * @param bytes hold the address from `at` on.
   * @returns any 32 bits, as a signed number.
   */
  of(network: number, bytes: Uint8Array, at: number): number {
    const t = this.#tables;
    return (
      (t[bytes[at] as number] as number) ^
      (t[0x100 | (bytes[at + 1] as number)] as number) ^
      (t[0x200 | (bytes[at + 2] as number)] as number) ^
      (t[0x300 | (bytes[at + 3] as number)] as number) ^
      (t[0x400 | (bytes[at + 4] as number)] as number) ^
      (t[0x500 | (bytes[at + 5] as number)] as number) ^
      (t[0x600 | (network & 0xff)] as number) ^
      (t[0x700 | (network >>> 8)] as number)
    );
  }
}
