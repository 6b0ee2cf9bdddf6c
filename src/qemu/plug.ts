/**
 * Gives a running QEMU a network and takes it away, by its monitor; what was done is undone in order when a step fails.
 *
 * Descriptors have the same names whatever the id: the monitor keeps what it was told, also when who told it is killed,
 * and has no list of it. It serves one program at a time, so that such names there are nobody's.
 */
import { err, ok, type Result } from 'neverthrow';
import { deviceProperties } from './device.js';
import { type Backend, monitorNetdev } from './netdev.js';
import { findEmptyPorts } from './plug-bus.js';
import type { Monitor, QmpError } from './qmp.js';

/** What is to be attached. */
export interface Plug {
  readonly id: string;
  /** The model of the device that is made for it; left out: none. */
  readonly driver?: string;
  /** Where that goes; left out: where there is room. */
  readonly bus?: string;
}

/** A grant, with its descriptors as numbers of ours. */
export interface Source extends Omit<Backend, 'fds' | 'vhostFds'> {
  readonly fds: readonly number[];
  readonly vhostFds: readonly number[];
}

const fdName = (index: number) => `fdbroker-${index}`;

/** @returns the bus the device went to, where one was chosen. */
export async function plug(
  monitor: Monitor,
  wanted: Plug,
  source: Source,
): Promise<Result<string | undefined, QmpError>> {
  const undo: (() => Promise<unknown>)[] = [];
  const done = await plugSteps(monitor, wanted, source, undo);
  // A monitor that is lost takes no more commands
  if (done.isErr() && done.error.tag === 'refused') for (const step of undo.reverse()) await step();
  return done;
}

async function plugSteps(
  monitor: Monitor,
  { id, driver, bus }: Plug,
  source: Source,
  undo: (() => Promise<unknown>)[],
): Promise<Result<string | undefined, QmpError>> {
  const numbers = [...source.fds, ...source.vhostFds];
  const names = numbers.map((_, index) => fdName(index));
  const count = source.fds.length;
  const backend = { ...source, fds: names.slice(0, count), vhostFds: names.slice(count) };
  const netdev = monitorNetdev(id, backend);
  if (netdev === undefined) {
    const what =
      'it takes no network that listens while it runs; start it with one by fdbroker exec, or let this end connect';
    return err({ tag: 'refused', kind: 'GenericError', what });
  }
  const closed = await closeLeftovers(monitor, numbers.length);
  if (closed.isErr()) return err(closed.error);
  undo.push(() => closeLeftovers(monitor, numbers.length));
  for (const [index, fd] of numbers.entries()) {
    const got = await monitor.execute('getfd', { fdname: fdName(index) }, fd);
    if (got.isErr()) return err(got.error);
  }
  const added = await monitor.execute('netdev_add', netdev);
  if (added.isErr()) return err(adviseOnId(added.error, id));
  undo.push(() => monitor.execute('netdev_del', { id }));
  if (driver === undefined) return ok(undefined);
  const properties = Object.fromEntries(deviceProperties(driver, backend));
  return addDevice(monitor, { driver, id, netdev: id, ...properties }, bus);
}

/** QEMU says only that the id will not do. */
function adviseOnId(error: QmpError, id: string): QmpError {
  if (/^Duplicate ID/.test(error.what)) {
    return {
      ...error,
      what: `${error.what}; take another --id, or give that one back with fdbroker detach --id ${id}`,
    };
  }
  return /'id' expects an identifier/.test(error.what)
    ? { ...error, what: `${error.what}: a letter, then letters, digits, - . _` }
    : error;
}

/** Closes what an attach left that was killed, at least as many names as are going to be used. */
export async function closeLeftovers(monitor: Monitor, atLeast = 1): Promise<Result<void, QmpError>> {
  for (let index = 0; ; index++) {
    const closed = await monitor.execute('closefd', { fdname: fdName(index) });
    if (closed.isOk()) continue;
    if (closed.error.tag === 'lost') return err(closed.error);
    if (index >= atLeast) return ok();
  }
}

/** What QEMU says of a bus on which there is no room, or never any while the guest runs. */
const noRoom = /hotplug|is full|no slot/i;

async function addDevice(
  monitor: Monitor,
  device: Readonly<Record<string, unknown>>,
  bus: string | undefined,
): Promise<Result<string | undefined, QmpError>> {
  const first = await monitor.execute('device_add', bus === undefined ? device : { ...device, bus });
  if (first.isOk()) return ok(bus);
  if (bus !== undefined || first.error.tag === 'lost' || !noRoom.test(first.error.what)) return err(first.error);
  const ports = await findEmptyPorts(monitor);
  if (ports.isErr()) return err(ports.error);
  for (const port of ports.value) {
    const added = await monitor.execute('device_add', { ...device, bus: port });
    if (added.isOk()) return ok(port);
    if (added.error.tag === 'lost') return err(added.error);
  }
  const advice = 'start QEMU with -device pcie-root-port,id=NAME,chassis=N for each device to come';
  const what = `${first.error.what}, and there is no empty pcie-root-port with an id; ${advice}`;
  return err({ ...first.error, what });
}

/** What was found of an id. */
export interface Unplugged {
  /** The device's address, where there was a device that told. */
  readonly mac?: string;
}

/**
 * Takes a network away: the device first, for which the guest must let go of it.
 *
 * @param seconds to wait for the guest.
 */
export async function unplug(monitor: Monitor, id: string, seconds: number): Promise<Result<Unplugged, QmpError>> {
  const mac = await monitor.execute('qom-get', { path: `/machine/peripheral/${id}`, property: 'mac' });
  if (mac.isErr() && mac.error.tag === 'lost') return err(mac.error);
  const deleted = await deleteDevice(monitor, id, seconds);
  if (deleted.isErr()) return err(deleted.error);
  const removed = await monitor.execute('netdev_del', { id });
  if (removed.isErr() && !(isMissing(removed.error) && deleted.value)) {
    return err(isMissing(removed.error) ? { ...removed.error, what: `it has no netdev ${id}` } : removed.error);
  }
  const closed = await closeLeftovers(monitor);
  return closed.map(() => (mac.isOk() && typeof mac.value === 'string' ? { mac: mac.value } : {}));
}

/** @returns whether there was one. */
async function deleteDevice(monitor: Monitor, id: string, seconds: number): Promise<Result<boolean, QmpError>> {
  const asked = await monitor.execute('device_del', { id });
  if (asked.isErr()) {
    if (isMissing(asked.error)) return ok(false);
    // By an unplug before this one, which may have given up waiting
    if (asked.error.tag === 'lost' || !/in the process of unplug/.test(asked.error.what)) return err(asked.error);
  }
  const until = performance.now() + seconds * 1000;
  const names = ['DEVICE_DELETED', 'DEVICE_UNPLUG_GUEST_ERROR'];
  const told = await monitor.event(({ name, data }) => names.includes(name) && data['device'] === id, until);
  if (told.isErr()) return err(told.error);
  if (told.value?.name === 'DEVICE_DELETED') return ok(true);
  const why = told.value === undefined ? `has not let go of it for ${seconds} s` : 'does not let go of it';
  const what = `the guest ${why}: device ${id} and its network stay; try again when it runs`;
  return err({ tag: 'refused', kind: 'GuestError', what });
}

function isMissing(error: QmpError): boolean {
  return error.tag === 'refused' && error.kind === 'DeviceNotFound';
}
