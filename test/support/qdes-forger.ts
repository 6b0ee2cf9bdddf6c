/** Who is on the wire of QDES hosts and puts there what he likes, in anybody's name. */
import { setTimeout as delay } from 'node:timers/promises';
import { headerSize, writeHeader } from '../../src/switch/qdes/header.js';
import { macBytes } from './frames.js';
import { hostInterface, type QdesGuest, type QdesHost } from './qdes-hosts.js';
import { Injector, rawPacket } from './raw-datagrams.js';
import type { Lifetime } from './until.js';

/** What a datagram says of itself. */
export interface Told {
  readonly type: number;
  readonly id: number;
  readonly instance?: number;
  readonly body?: Uint8Array;
}

/** Header and body. */
export function qdesMessage({ type, id, instance = 0x0badc0de, body = new Uint8Array() }: Told): Uint8Array {
  const bytes = new Uint8Array(headerSize + body.length);
  writeHeader(bytes, 0, type, id, instance);
  bytes.set(body, headerSize);
  return bytes;
}

export class Forger {
  readonly #injector: Injector;
  readonly #toMac: Uint8Array;

  constructor(
    t: Lifetime,
    private readonly victim: QdesHost,
  ) {
    this.#injector = new Injector(t, `wire${victim.number}`);
    this.#toMac = macOf(victim);
  }

  /** @param from whose address and port it is to have. @param to of the victim's. */
  packet(
    from: string,
    fromPort: number,
    port: number,
    body: Uint8Array,
    to = `192.0.2.${this.victim.number}`,
  ): Uint8Array {
    const fromMac = Uint8Array.of(2, 0, 0, 0, 0xff, 0xff);
    return rawPacket({ fromMac, toMac: this.#toMac, from, to, fromPort, port, body });
  }

  /** @returns how many went. */
  send(packets: readonly Uint8Array[]): number {
    return this.#injector.send(packets);
  }
}

/** The station address of the host's interface. */
function macOf(host: QdesHost): Uint8Array {
  const [{ address }] = JSON.parse(host.far.run(`ip -j link show ${hostInterface}`)) as [{ address: string }];
  return macBytes(address);
}

/** Says a frame again until it is heard: what is lost is lost, as on any wire. */
export async function heardBy(by: QdesGuest, from: QdesGuest, bytes: Uint8Array): Promise<void> {
  for (let tries = 0; !by.heard(bytes); tries += 1) {
    if (tries % 10 === 0) from.say(bytes);
    await delay(10);
  }
}
