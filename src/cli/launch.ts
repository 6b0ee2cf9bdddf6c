/** What `exec` and `open` share: open every network, put the descriptors in their places, become the command. */
import { err, ok, type Result } from 'neverthrow';
import type { ClientError } from '../client/error.js';
import { type OpenedGrant, type OpenOptions, open } from '../client/open.js';
import { type FoundNetwork, rewrite } from '../qemu/command-line.js';
import type { Backend } from '../qemu/netdev.js';
import { type Wish, withPromise } from '../qemu/wish.js';
import { reportFailure, type Target, warn } from './ask-broker.js';
import { UsageError } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { findProgram } from './find-program.js';
import { explainLock } from './locked-address.js';
import {
  checkPlaceholders,
  fdsVariable,
  fillPlaceholders,
  quoteForShell,
  type Substitute,
  tellsAddress,
  toVariable,
} from './placeholders.js';
import { complain, type World } from './world.js';

/** A network that the command does not ask for itself. */
export interface Named {
  readonly name: string;
  /** The option, for messages. */
  readonly what: string;
  readonly wish: Wish;
}

export interface Launch {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly named: readonly Named[];
  /** In a command line of QEMU. */
  readonly found: readonly FoundNetwork[];
  /** Show what would be started, and give back what was opened. */
  readonly print: boolean;
  readonly target: Target;
}

/** Returns on failure, and after printing; otherwise this process has become the command. */
export async function launch({ command, named, found, print, target }: Launch, world: World): Promise<ExitStatus> {
  checkNames(command, named);
  const program = findProgram(command[0] ?? '', world.env['PATH']);
  if (program.isErr()) {
    complain(world, program.error.what);
    return program.error.status;
  }
  using grants = new Grants();
  const told = named.map((one) => (tellsAddress(command, one.name) ? { ...one, wish: withPromise(one.wish) } : one));
  for (const one of [...found, ...told]) {
    const opened = await openOne(one, target);
    if (opened.isErr()) {
      const error = isUntold(one)
        ? await explainLock(opened.error, one.wish.network, howToTell(one), target)
        : opened.error;
      return reportFailure(error, target, world, one.what);
    }
    grants.all.push(opened.value);
    warn(opened.value, world);
  }
  const words = rewrite(command, found, grants.all.slice(0, found.length).map(backendOf));
  const substitutes = grants.all.slice(found.length).map((grant, at) => substituteOf(named[at]?.name ?? '', grant));
  const args = fillPlaceholders(words, substitutes);
  const added = variablesOf(substitutes);
  if (print) {
    const variables = Object.entries(added).map(([name, value]) => `${name}=${quoteForShell([value])} `);
    world.out(`${variables.join('')}${quoteForShell(args)}\n`);
    return exitStatus.ok;
  }
  const fds = grants.all.flatMap(({ fds, vhostFds }) => [...fds, ...vhostFds]).map(({ fd }) => fd);
  // Of a fdbroker that started us, it would tell where to send by a socket that has no such place
  const env = { ...world.env, ...(substitutes.length === 0 ? {} : { FDBROKER_TO: undefined }), ...added };
  const reason = await world.become({ file: program.value, args, env, fds });
  complain(world, `${command[0]} cannot be started: ${reason}`);
  return exitStatus.cannotRun;
}

class Grants implements Disposable {
  readonly all: OpenedGrant[] = [];

  [Symbol.dispose](): void {
    for (const grant of this.all) grant[Symbol.dispose]();
  }
}

function checkNames(command: readonly string[], named: readonly Named[]): void {
  const names = named.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`two networks are named ${twice}; write --network OTHER=${twice}`);
  const checked = checkPlaceholders(command, names);
  if (checked.isErr()) throw new UsageError(checked.error);
}

/**
 * An address that the NIC has anyway is asked for, because a network that locks addresses must know it. Where that is
 * refused the rule may give others only, and the NIC keeps its own as with the helper.
 */
async function openOne(one: FoundNetwork | Named, target: Target): Promise<Result<OpenedGrant, ClientError>> {
  const options: OpenOptions = { ...one.wish, socket: target.socket, ...target.options };
  const mac = 'deviceMac' in one ? one.deviceMac : undefined;
  if (mac === undefined) return open(options);
  const first = await open({ ...options, mac });
  if (first.isOk() || first.error.tag === 'bad-request') return first;
  if (first.error.tag !== 'refused' || first.error.status !== 'refused') return first;
  const second = await open(options);
  return second.isOk() ? ok(second.value) : err(first.error);
}

/** Whether the guest has no address of its own and nobody tells it one. */
function isUntold(one: FoundNetwork | Named): boolean {
  return one.wish.mac === undefined && !('deviceMac' in one);
}

function howToTell(one: FoundNetwork | Named): string {
  if ('name' in one) return `the command is not told one: put {mac:${one.name}} where it belongs, or say mac=ADDRESS`;
  const id = one.option === 'netdev' ? one.id : '';
  return `there is no -device with netdev=${id} to be told one: add it, or say mac=ADDRESS`;
}

function backendOf({ form, mac, mtu, server, fds, vhostFds }: OpenedGrant): Backend {
  const numbers = (all: OpenedGrant['fds']) => all.map(({ fd }) => String(fd));
  return { form, mac, mtu, server, fds: numbers(fds), vhostFds: numbers(vhostFds) };
}

function substituteOf(name: string, { mac, mtu, to, fds, vhostFds }: OpenedGrant): Substitute {
  const numbers = { fds: fds.map(({ fd }) => fd), vhostFds: vhostFds.map(({ fd }) => fd) };
  return { name, mac, mtu, ...(to === undefined ? {} : { to }), ...numbers };
}

/** What the command finds in its environment. */
function variablesOf(substitutes: readonly Substitute[]): Readonly<Record<string, string>> {
  if (substitutes.length === 0) return {};
  const to = toVariable(substitutes);
  return { FDBROKER_FDS: fdsVariable(substitutes), ...(to === '' ? {} : { FDBROKER_TO: to }) };
}
