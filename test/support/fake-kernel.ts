/**
 * A kernel in memory that keeps the promises of src/kernel/kernel.ts and can fail any call. It stands in for the real
 * one only where a failure has to be made at will; everything else is tested on the real kernel.
 */
import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import type { Mac } from '../../src/core/mac.js';
import type { InterfaceName } from '../../src/core/names.js';
import type { SysError } from '../../src/core/sys-error.js';
import type {
  BridgePort,
  Enslavement,
  Kernel,
  Link,
  Macvtap,
  MacvtapPlan,
  PortVlan,
  Tap,
} from '../../src/kernel/kernel.js';
import { OwnedFd } from '../../src/kernel/owned-fd.js';
import { FakeFunctions } from './fake-functions.js';
import { FakeHostTaps } from './fake-host-taps.js';
import { FakeSockets } from './fake-sockets.js';
import { FakeSurroundings } from './fake-surroundings.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class FakeKernel implements Kernel {
  /** Names of the calls made, in order. */
  readonly calls: string[] = [];
  readonly openFds = new Set<number>();
  readonly links = new Map<number, Mutable<Link>>();
  readonly entries = new Map<string, number>();
  readonly vlans = new Map<number, PortVlan[]>();
  /** ifindexes of macvtaps that somebody has open. */
  readonly heldMacvtaps = new Set<number>();
  /** Whether taps can be made ahead. */
  spares = false;
  readonly sockets = new FakeSockets(
    (name) => this.#call(name),
    () => this.#open(),
  );
  readonly surroundings = new FakeSurroundings(
    (name) => this.#call(name),
    () => [...this.links.values()],
  );
  readonly hostTaps = new FakeHostTaps(
    (name) => this.#call(name),
    (name) => this.openTap(name),
    () => [...this.links.values()],
    (name, ifindex, change) => this.#on(name, ifindex, (link) => void Object.assign(link, change)),
  );
  readonly functions = new FakeFunctions(
    (name) => this.#call(name),
    (name, ifindex, change) => this.#on(name, ifindex, (link) => void Object.assign(link, change)),
  );
  #nextFd = 1000;
  #nextIndex = 1;
  #failure: { at: number; code: string; errno: number } | undefined;

  addBridge(name: string, change: Partial<Link> = {}): Link {
    const ifindex = this.#nextIndex++;
    const link: Link = {
      ...{ ifindex, name, mtu: 1500, address: '02:00:00:00:00:01', alias: '', master: 0, up: true, carrier: true },
      ...{ kind: 'bridge', bridge: { vlanFiltering: false, defaultVlan: 1 } },
      ...change,
    };
    this.links.set(ifindex, link);
    return link;
  }

  /** Makes a call fail, with nothing applied: the next one but `at`. */
  failAt(at: number, code = 'ENOMEM'): void {
    // Node does not name all of them
    const errno = (constants.errno as Readonly<Record<string, number>>)[code] ?? 0;
    this.#failure = { at: this.calls.length + at, code, errno };
  }

  /** What is left of a grant: nothing, when all was rolled back. */
  leftovers(): string[] {
    const made = ({ kind }: Link) => kind === 'tun' || kind === 'macvtap';
    const taps = [...this.links.values()].filter(made).map((link) => link.name);
    return [...taps, ...[...this.openFds].map((fd) => `fd ${fd}`), ...this.entries.keys()];
  }

  #call(name: string): Result<void, SysError> {
    const failure = this.#failure;
    this.calls.push(name);
    if (failure !== undefined && this.calls.length - 1 === failure.at) {
      return err({ tag: 'sys', call: name, code: failure.code, errno: failure.errno });
    }
    return ok();
  }

  #on<T>(name: string, ifindex: number, then: (link: Mutable<Link>) => T): Result<T, SysError> {
    return this.#call(name).andThen(() => {
      const link = this.links.get(ifindex);
      if (link === undefined) return err({ tag: 'sys', call: name, code: 'ENODEV', errno: 19 } as const);
      return ok(then(link));
    });
  }

  openTap(name: InterfaceName): Result<Tap, SysError> {
    return this.#call('openTap').map(() => {
      const [fd, ifindex] = [this.#nextFd++, this.#nextIndex++];
      this.openFds.add(fd);
      this.links.set(ifindex, {
        ...{ ifindex, name, mtu: 1500, address: '06:00:00:00:00:01', alias: '', master: 0, up: false, carrier: true },
        ...{ kind: 'tun', tun: { persist: false } },
      });
      const close = (closed: number) => {
        this.openFds.delete(closed);
        this.#remove(ifindex);
      };
      return { fd: new OwnedFd(fd, close), ifindex };
    });
  }

  openQueue(): Result<OwnedFd, SysError> {
    return this.#call('openQueue').map(() => this.#open());
  }

  openVhost(): Result<OwnedFd, SysError> {
    return this.#call('openVhost').map(() => this.#open());
  }

  #open(): OwnedFd {
    const fd = this.#nextFd++;
    this.openFds.add(fd);
    return new OwnedFd(fd, (closed) => this.openFds.delete(closed));
  }

  async openTapsAhead(names: readonly InterfaceName[]): Promise<(Tap | undefined)[]> {
    return names.map((name) => (this.spares ? this.openTap(name).unwrapOr(undefined) : undefined));
  }

  #remove(ifindex: number): void {
    this.links.delete(ifindex);
    this.vlans.delete(ifindex);
    for (const [key, port] of this.entries) if (port === ifindex) this.entries.delete(key);
  }

  tapIsHeld(name: InterfaceName): Result<boolean, SysError> {
    return this.#call('tapIsHeld').map(() => [...this.links.values()].some((link) => link.name === name));
  }

  createMacvtap(name: InterfaceName, plan: MacvtapPlan): Result<Macvtap, SysError> {
    return this.#call('createMacvtap').map(() => {
      const ifindex = this.#nextIndex++;
      const { address, mtu, parent, mode } = plan;
      this.links.set(ifindex, {
        ...{ ifindex, name, mtu, address, alias: '', master: 0, up: false, carrier: true },
        ...{ kind: 'macvtap', macvtap: { parent, mode, ours: true } },
      });
      return { ifindex, major: 246, minor: ifindex };
    });
  }

  claimMacvtap(ifindex: number, change: { readonly address: Mac; readonly alias: string }): Result<void, SysError> {
    return this.#on('claimMacvtap', ifindex, (link) => void Object.assign(link, { up: true }, change));
  }

  openMacvtap(_name: InterfaceName, { ifindex }: Macvtap): Result<OwnedFd, SysError> {
    return this.#on('openMacvtap', ifindex, () => this.#open());
  }

  watchMacvtap(ifindex: number): Result<void, SysError> {
    return this.#on('watchMacvtap', ifindex, () => undefined);
  }

  unheldMacvtaps(ifindexes: readonly number[]): Result<readonly number[], SysError> {
    return this.#call('unheldMacvtaps').map(() => ifindexes.filter((ifindex) => !this.heldMacvtaps.has(ifindex)));
  }

  linkByName(name: InterfaceName): Result<Link | undefined, SysError> {
    return this.#call('linkByName').map(() => [...this.links.values()].find((link) => link.name === name));
  }

  knownLink(name: InterfaceName): Result<Link | undefined, SysError> {
    return this.linkByName(name);
  }

  linkByIndex(ifindex: number): Result<Link | undefined, SysError> {
    return this.#call('linkByIndex').map(() => this.links.get(ifindex));
  }

  listLinks(): Result<readonly Link[], SysError> {
    return this.#call('listLinks').map(() => [...this.links.values()]);
  }

  enslave(ifindex: number, change: Enslavement): Result<void, SysError> {
    return this.#on('enslave', ifindex, (link) => {
      const port = { learning: true, locked: false, isolated: false, hairpin: false, flood: true };
      Object.assign(link, { up: false }, change, { port });
    });
  }

  setPortUp(ifindex: number, port: Partial<BridgePort>): Result<void, SysError> {
    return this.#on('setPortUp', ifindex, (link) => {
      Object.assign(link, { up: true, port: { ...link.port, ...port } });
    });
  }

  quarantine(ifindex: number, address: Mac): Result<void, SysError> {
    return this.#on('quarantine', ifindex, (link) => {
      Object.assign(link, { up: false, master: 0, address });
    });
  }

  async deleteLink(ifindex: number): Promise<Result<void, SysError>> {
    return this.#on('deleteLink', ifindex, () => this.#remove(ifindex));
  }

  addStaticEntry(ifindex: number, mac: Mac, vlan: number | undefined): Result<void, SysError> {
    return this.#on('addStaticEntry', ifindex, (link) => `${link.master} ${mac} ${vlan ?? 0}`).andThen((key) => {
      if (this.entries.has(key)) {
        return err({ tag: 'sys', call: 'addStaticEntry', code: 'EEXIST', errno: 17 } as const);
      }
      this.entries.set(key, ifindex);
      return ok();
    });
  }

  hasStaticEntry(bridge: number, ifindex: number, mac: Mac, vlan: number | undefined): Result<boolean, SysError> {
    return this.#call('hasStaticEntry').map(() => this.entries.get(`${bridge} ${mac} ${vlan ?? 0}`) === ifindex);
  }

  setAccessVlan(ifindex: number, vlan: number): Result<void, SysError> {
    return this.#on('setAccessVlan', ifindex, () => {
      this.vlans.set(ifindex, [{ vlan, pvid: true, untagged: true }]);
    });
  }

  portVlans(ifindex: number): Result<readonly PortVlan[], SysError> {
    return this.#on('portVlans', ifindex, () => this.vlans.get(ifindex) ?? []);
  }
}
