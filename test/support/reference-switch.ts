/** The switch as one would explain it: slow, obvious, and the measure of src/switch. */
import type { SwitchPort } from '../../src/switch/switch.js';

export type Outcome = { readonly to: readonly number[] } | { readonly dropped: string };

interface Entry {
  port: number;
  seen: number;
  readonly fixed: boolean;
}

export class ReferenceSwitch {
  readonly #ports = new Map<number, SwitchPort>();
  readonly #addresses = new Map<string, Entry>();

  constructor(private readonly ageing: number) {}

  add(port: number, options: SwitchPort, now: number): boolean {
    const keys = options.addresses.map((address) => this.#key(options.network, address));
    if (keys.some((key) => this.#addresses.get(key)?.fixed)) return false;
    this.#ports.set(port, options);
    for (const key of keys) this.#addresses.set(key, { port, seen: now, fixed: true });
    return true;
  }

  remove(port: number): void {
    this.#ports.delete(port);
    for (const [key, entry] of this.#addresses) if (entry.port === port) this.#addresses.delete(key);
  }

  /** Forgets what was not seen for long. */
  age(now: number): void {
    for (const [key, entry] of this.#addresses) if (this.#old(entry, now)) this.#addresses.delete(key);
  }

  pass(ingress: number, frame: Uint8Array, now: number): Outcome {
    const from = this.#ports.get(ingress) as SwitchPort;
    if (frame.length < 14) return { dropped: 'too-short' };
    if (frame.length > from.maxFrame) return { dropped: 'too-long' };
    const type = Buffer.from(frame).readUInt16BE(12);
    if (from.untagged === true && (type === 0x8100 || type === 0x88a8)) return { dropped: 'vlan' };
    const reason = this.#learn(ingress, from, frame.subarray(6, 12), now);
    if (reason !== undefined) return { dropped: reason };
    const to = frame.subarray(0, 6);
    if ((to[0] as number) & 1) {
      const text = Buffer.from(to).toString('hex');
      return text.startsWith('0180c200000') ? { dropped: 'reserved' } : this.#flood(ingress, from, false);
    }
    const entry = this.#addresses.get(this.#key(from.network, to));
    if (entry === undefined) return this.#flood(ingress, from, true);
    if (entry.port === ingress) return { dropped: 'same-port' };
    const other = this.#ports.get(entry.port) as SwitchPort;
    if (from.uplink && other.uplink) return { dropped: 'between-uplinks' };
    if (from.isolated && other.isolated) return { dropped: 'isolated' };
    return { to: [entry.port] };
  }

  #learn(ingress: number, from: SwitchPort, source: Uint8Array, now: number): string | undefined {
    if ((source[0] as number) & 1 || source.every((byte) => byte === 0)) return 'bad-source';
    const key = this.#key(from.network, source);
    const entry = this.#addresses.get(key);
    if (entry?.fixed) return entry.port === ingress ? undefined : 'spoofed';
    if (from.locked) return 'locked';
    const there = [...this.#addresses.values()].filter((one) => one.port === ingress && !one.fixed).length;
    if (entry?.port !== ingress && there >= from.maxAddresses) return undefined;
    this.#addresses.set(key, { port: ingress, seen: now, fixed: false });
    return undefined;
  }

  #flood(ingress: number, from: SwitchPort, unknown: boolean): Outcome {
    const to = [...this.#ports].filter(
      ([port, other]) =>
        port !== ingress &&
        other.network === from.network &&
        !(from.uplink && other.uplink) &&
        !(from.isolated && other.isolated) &&
        !(unknown && (other.isolated || other.locked)),
    );
    return { to: to.map(([port]) => port) };
  }

  #old(entry: Entry, now: number): boolean {
    return !entry.fixed && now - entry.seen > this.ageing;
  }

  #key(network: number, address: Uint8Array): string {
    return `${network} ${Buffer.from(address).toString('hex')}`;
  }
}
