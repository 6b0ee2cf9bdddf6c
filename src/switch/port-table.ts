/** The ports of the switch: which network each is of, and what it may. Numbers in typed arrays, since every frame reads them. */

/** What the switch knows of a port. */
export interface PortOptions {
  /** Index of the network, 0 to 65535. */
  readonly network: number;
  /** Towards the outside: frames never go from one uplink to another. */
  readonly uplink: boolean;
  /** Exchanges frames with uplinks and ports that are not isolated, and sees no unknown unicast. */
  readonly isolated: boolean;
  /** Sends from its static addresses alone, and sees no unknown unicast. */
  readonly locked: boolean;
  /** Neither sends nor gets frames with a VLAN tag: what it sends with one is dropped. Left out: tags pass. */
  readonly untagged?: boolean;
  /** Addresses learned at once, at most. */
  readonly maxAddresses: number;
}

export const uplinkFlag = 1;
export const isolatedFlag = 2;
export const lockedFlag = 4;
export const untaggedFlag = 8;

export class PortTable {
  readonly #networks: Int32Array;
  readonly #flags: Uint8Array;
  readonly #learned: Int32Array;
  readonly #limits: Int32Array;
  /** Members by network, in the order in which they came. */
  readonly #members = new Map<number, Int32Array>();
  static readonly #nobody = new Int32Array();

  /** @param capacity how many ports there can be: they are numbered from 0. */
  constructor(readonly capacity: number) {
    this.#networks = new Int32Array(capacity).fill(-1);
    this.#flags = new Uint8Array(capacity);
    this.#learned = new Int32Array(capacity);
    this.#limits = new Int32Array(capacity);
  }

  /** @param port a number that is not in use. */
  add(port: number, options: PortOptions): void {
    const { network, uplink, isolated, locked, untagged = false, maxAddresses } = options;
    this.#networks[port] = network;
    this.#flags[port] =
      (uplink ? uplinkFlag : 0) |
      (isolated ? isolatedFlag : 0) |
      (locked ? lockedFlag : 0) |
      (untagged ? untaggedFlag : 0);
    this.#learned[port] = 0;
    this.#limits[port] = maxAddresses;
    this.#members.set(network, Int32Array.of(...this.members(network), port));
  }

  remove(port: number): void {
    const network = this.networkOf(port);
    const left = this.members(network).filter((member) => member !== port);
    if (left.length === 0) this.#members.delete(network);
    else this.#members.set(network, left);
    this.#networks[port] = -1;
  }

  has(port: number): boolean {
    return this.#networks[port] !== -1 && port < this.capacity;
  }

  networkOf(port: number): number {
    return this.#networks[port] as number;
  }

  flagsOf(port: number): number {
    return this.#flags[port] as number;
  }

  /** The network's ports; changed by add() and remove() only. */
  members(network: number): Int32Array {
    return this.#members.get(network) ?? PortTable.#nobody;
  }

  /** Whether one more address may be learned at the port, which it counts. */
  countAddress(port: number): boolean {
    if ((this.#learned[port] as number) >= (this.#limits[port] as number)) return false;
    (this.#learned[port] as number) += 1;
    return true;
  }

  forgetAddress(port: number): void {
    (this.#learned[port] as number) -= 1;
  }

  addressesOf(port: number): number {
    return this.#learned[port] as number;
  }
}
