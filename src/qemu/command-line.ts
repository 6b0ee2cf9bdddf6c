/** Finds the networks that a command line of QEMU asks us for, and puts descriptors in their places. */
import { err, ok, Result } from 'neverthrow';
import { joinPieces, splitPieces } from './comma.js';
import { completeDevice, readDevice } from './device.js';
import { type Backend, commaField, commaNetdev, objectNetdev } from './netdev.js';
import { readWish, readWritten, type Syntax, type Wish, wishKeys, withPromise } from './wish.js';

interface Found {
  /** Where the option's value stands among the words. */
  readonly at: number;
  /** The option with its value, for messages. */
  readonly what: string;
  readonly wish: Wish;
  /** An address that a -device of this netdev names while the netdev names none, nor promises to use any. */
  readonly deviceMac?: string;
}

interface FoundNetdev extends Found {
  readonly option: 'netdev';
  readonly syntax: Syntax;
  readonly id: string;
}

interface FoundNic extends Found {
  readonly option: 'nic';
}

/** One `-netdev fdbroker,…` or `-nic fdbroker,…`. */
export type FoundNetwork = FoundNetdev | FoundNic;

/** The words of options like `-netdev` or `--netdev`, each with the place of its value. */
function valuesOf(words: readonly string[], name: string): { at: number; text: string }[] {
  return words.flatMap((word, index) => {
    const text = words[index + 1];
    return (word === `-${name}` || word === `--${name}`) && text !== undefined ? [{ at: index + 1, text }] : [];
  });
}

/**
 * @param words the program's name and its arguments.
 * @returns in their order; none is fine. The error is one sentence that names the argument.
 */
export function findNetworks(words: readonly string[]): Result<FoundNetwork[], string> {
  const devices = valuesOf(words, 'device').map(({ text }) => readDevice(text));
  const macs = new Map(devices.map((device) => [device?.netdev, device?.mac]));
  const netdevs = valuesOf(words, 'netdev').map(({ at, text }) => readNetdev(at, text, macs));
  const nics = valuesOf(words, 'nic').map(({ at, text }) => readNic(at, text));
  return Result.combine([...netdevs, ...nics])
    .map((all) => all.filter((one) => one !== undefined).sort((a, b) => a.at - b.at))
    .andThen(refuseDoubles);
}

function refuseDoubles(all: FoundNetwork[]): Result<FoundNetwork[], string> {
  const ids = new Set<string>();
  for (const one of all) {
    if (one.option !== 'netdev') continue;
    if (ids.has(one.id)) return err(`${one.what}: another one has the id ${one.id}`);
    ids.add(one.id);
  }
  return ok(all);
}

function readNetdev(
  at: number,
  text: string,
  macs: ReadonlyMap<string | undefined, string | undefined>,
): Result<FoundNetdev | undefined, string> {
  const what = `-netdev ${text}`;
  const found = readWritten(text).andThen((written): Result<FoundNetdev | undefined, string> => {
    if (written === undefined) return ok(undefined);
    const { syntax, fields } = written;
    const id = fields.get('id');
    if (id === undefined || id === '') return err('"id" is missing; the -device names it with netdev=');
    const unknown = [...fields.keys()].find((key) => key !== 'id' && !wishKeys.includes(key));
    if (unknown !== undefined) return err(`it takes no "${unknown}"; it takes id, ${wishKeys.join(', ')}`);
    return readWish(fields).andThen((wish): Result<FoundNetdev, string> => {
      if (wish.form === 'socket') return err('QEMU takes no bare socket; choose form=tap, dgram or stream');
      return ok({ at, what, option: 'netdev', syntax, id, ...addressOf(wish, macs.has(id), macs.get(id)) });
    });
  });
  return found.mapErr((error) => `${what}: ${error}`);
}

/** A device that names no address is told the grant's; one that has its own keeps it, whatever is promised. */
function addressOf(wish: Wish, hasDevice: boolean, deviceMac: string | undefined): Pick<Found, 'wish' | 'deviceMac'> {
  const { mac, ...others } = wish;
  if (deviceMac === undefined) return { wish: hasDevice ? withPromise(wish) : wish };
  return mac === undefined || mac === 'any' ? { wish: others, deviceMac } : { wish };
}

/** QEMU's -nic has no JSON, no queues, and of the forms the tap alone. */
function readNic(at: number, text: string): Result<FoundNic | undefined, string> {
  const what = `-nic ${text}`;
  const apart = 'write -netdev fdbroker,id=ID,… and -device virtio-net-pci,netdev=ID instead';
  const found = readWritten(text).andThen((written): Result<FoundNic | undefined, string> => {
    if (written === undefined) return ok(undefined);
    if (written.syntax === 'json') return err(`-nic takes no JSON; ${apart}`);
    return readWish(written.fields).andThen((wish): Result<FoundNic, string> => {
      if ((wish.queues ?? 1) > 1) return err(`-nic cannot have ${wish.queues} queues; ${apart}`);
      if ((wish.form ?? 'tap') !== 'tap') return err(`-nic cannot take form=${wish.form}; ${apart}`);
      return ok({ at, what, option: 'nic', wish: { ...withPromise(wish), form: 'tap' } });
    });
  });
  return found.mapErr((error) => `${what}: ${error}`);
}

/**
 * The words with what was found replaced, and the devices that name it completed.
 *
 * @param backends in the order of `found`.
 */
export function rewrite(
  words: readonly string[],
  found: readonly FoundNetwork[],
  backends: readonly Backend[],
): string[] {
  const changed = [...words];
  for (const [index, one] of found.entries()) {
    const backend = backends[index];
    if (backend === undefined) throw new Error('a network without a grant');
    changed[one.at] = one.option === 'nic' ? nic(words[one.at] ?? '', backend) : netdev(one, backend);
    if (one.option === 'nic') continue;
    for (const { at, text } of valuesOf(words, 'device')) {
      const device = readDevice(text);
      if (device?.netdev === one.id) changed[at] = completeDevice(text, device, backend);
    }
  }
  return changed;
}

function netdev({ id, syntax }: FoundNetdev, backend: Backend): string {
  return syntax === 'json' ? JSON.stringify(objectNetdev(id, backend)) : commaNetdev(id, backend);
}

/** Keeps what is the NIC's own: its model, its address. */
function nic(text: string, backend: Backend): string {
  const ours = wishKeys.filter((key) => key !== 'mac');
  const kept = splitPieces(text)
    .slice(1)
    .filter(({ key, value }) => !ours.includes(key ?? '') && !(key === 'mac' && value === 'any'));
  const address = kept.some(({ key }) => key === 'mac') ? [] : [commaField('mac', backend.mac)];
  return joinPieces([commaNetdev(undefined, backend), ...address, ...kept.map(({ text: piece }) => piece)]);
}
