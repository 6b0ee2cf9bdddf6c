/** Frames that flow between guests of one network, on one host and on another. */
import { setTimeout as delay } from 'node:timers/promises';
import { broadcast, station } from './frames.js';
import type { QdesGuest } from './qdes-hosts.js';

/** Of an ethertype that no filter of the host's looks into. */
export const spoken = (from: number, text = '') =>
  Uint8Array.of(...broadcast, ...station(from), 0x88, 0xb5, ...Buffer.from(text.padEnd(46)));

export class Flow {
  #count = 0;

  constructor(
    readonly near: QdesGuest,
    readonly neighbour: QdesGuest,
    readonly far: QdesGuest,
  ) {}

  /** Says something new, from each, until it is heard where it is to be heard. */
  async #heard(from: QdesGuest, by: QdesGuest): Promise<void> {
    this.#count += 1;
    const bytes = spoken(from === this.far ? 2 : 1, `${this.#count}`);
    for (let tries = 0; !by.heard(bytes); tries += 1) {
      if (tries % 5 === 0) from.say(bytes);
      await delay(10);
    }
  }

  async everywhere(): Promise<void> {
    await this.#heard(this.near, this.far);
    await this.#heard(this.far, this.near);
    await this.#heard(this.far, this.neighbour);
  }

  async onTheHost(): Promise<void> {
    await this.#heard(this.near, this.neighbour);
  }
}
