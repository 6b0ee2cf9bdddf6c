/**
 * The host's own ends of networks, as the configuration has them. A tap is there from the broker's start on, guests or not,
 * so that an administrator can give it an address, and with it the way to the outside; a bridge is joined while there are
 * guests. What cannot be had is told once, and tried again.
 */
import { ok, type Result } from 'neverthrow';
import type { Network } from '../core/config.js';
import type { InterfaceName, NetworkName } from '../core/names.js';
import { isSwitchedNetwork, type SwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { isHostTap, planHost } from '../networks/host.js';
import { complain } from './complain.js';
import type { OwnPorts } from './own-ports.js';
import { readLabel } from './plug-order.js';
import type { SwitchPort, SwitchPorts } from './switch-ports.js';

/** Milliseconds until what could not be had is tried again. */
const pause = 2000;

export class HostEnds implements Disposable {
  /** Before {@link keep} none is known, and what there is stays. */
  #networks: ReadonlyMap<NetworkName, SwitchedNetwork> | undefined;
  /** What was wrong when it was tried last. */
  readonly #told = new Map<NetworkName, string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param connect to the switch, which is started where there is none; the error is a sentence. */
  constructor(
    private readonly kernel: Kernel,
    private readonly ports: SwitchPorts,
    private readonly own: OwnPorts,
    private readonly connect: () => Result<void, string>,
  ) {}

  /** From now on the host is on these networks, where they say so, and on no other. */
  keep(networks: Iterable<Network>): void {
    this.#networks = new Map([...networks].filter(isSwitchedNetwork).map((network) => [network.name, network]));
    this.#told.clear();
    this.review();
  }

  /** Takes away what is not to be there, and makes what is: also when something has happened to an interface. */
  review(): void {
    if (this.#networks === undefined) return;
    for (const port of this.#all()) if (!this.#wanted(port)) this.#end(port);
    this.look();
  }

  /** Makes what is to be there and is not. */
  look(): void {
    const lacking = [...(this.#networks?.values() ?? [])].filter((network) => !this.#bring(network));
    if (lacking.length > 0) this.#later();
  }

  /** One has gone that was not to go. Whatever has taken it away may do so again, so that there is a pause. */
  lost({ network }: SwitchPort): void {
    if (this.#networks?.get(network)?.host === undefined) return;
    complain(`network "${network}" has lost the host's end, which is made anew`);
    this.#later();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), pause).unref();
  }

  /** Taps of networks without guests go with the broker, which ends in order; others stay as their guests do. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#networks = undefined;
    for (const port of this.#all()) if (!this.ports.hasGuests(port.network)) this.own.end(port);
  }

  #all(): SwitchPort[] {
    return [...this.ports].filter(({ role, leaving }) => role === 'host' && !leaving);
  }

  /** @returns whether there is nothing left to be done. */
  #bring(network: SwitchedNetwork): boolean {
    const { name, host } = network;
    if (host === undefined || (host.by === 'bridge' && !this.ports.hasGuests(name))) return true;
    if (this.ports.ownOf(name).some(({ role }) => role === 'host')) return true;
    const connected = this.connect();
    const made = connected.andThen(() => this.#make(network));
    if (made.isOk()) {
      this.#told.delete(name);
      return true;
    }
    const wrong = made.error;
    // That a switch is just coming up is no news; that it does not come is
    const early = connected.isErr() && !this.#told.has(name);
    if (!early && this.#told.get(name) !== wrong) complain(`${network.origin.file}:${network.origin.line}: ${wrong}`);
    this.#told.set(name, early ? '' : wrong);
    return false;
  }

  /** The error is a sentence. */
  #make(network: SwitchedNetwork): Result<void, string> {
    return planHost(this.kernel, network)
      .andThen(() => {
        // The uplink comes first, as for guests, but the host needs no way to the outside to reach them
        this.own.want(network);
        return this.own.make(network, 'host');
      })
      .mapErr(({ what }) => {
        this.own.drop(network.name);
        return what;
      });
  }

  /** By the configuration; where the kernel does not tell now, what there is stays. */
  #wanted(port: SwitchPort): boolean {
    const network = this.#networks?.get(port.network);
    const { own } = readLabel(port.order);
    if (network?.host === undefined || (network.host.by === 'bridge') !== port.order.uplink) return false;
    if (network.host.by === 'tap') return network.host.name === own?.on;
    return planHost(this.kernel, network).match(
      (plan) => plan?.on === own?.on,
      () => true,
    );
  }

  #end(port: SwitchPort): void {
    this.own.end(port);
    const name = readLabel(port.order).own?.on as InterfaceName | undefined;
    const link = port.order.uplink || name === undefined ? ok(undefined) : this.kernel.linkByName(name);
    // It ends with its last descriptor, unless whoever had one made it persistent; its name is free at once
    if (link.isOk() && link.value !== undefined && isHostTap(link.value))
      void this.kernel.deleteLink(link.value.ifindex);
  }
}
