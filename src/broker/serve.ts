/** A broker at work: the ledger set right, then the control socket answered and the kernel followed. */
import { err, ok, type Result } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { startCloser } from '../kernel/close.js';
import { InterfaceEvents } from '../kernel/interface-events.js';
import { openFileLimit } from '../kernel/limits.js';
import type { LinkEvents } from '../kernel/link-events.js';
import type { NodeCloses } from '../kernel/node-closes.js';
import { Watch } from '../kernel/watch.js';
import type { Broker } from './broker.js';
import type { ControlSocket } from './control-socket.js';
import { Endings } from './endings.js';
import { resumeGrant } from './resume-grant.js';
import { mostFds, type Room, Server } from './server.js';
import type { Refusal } from './socket-lock.js';
import { Upkeep } from './upkeep.js';
import { Wires } from './wires.js';

/** Messages of rtnetlink taken in one turn. */
const eventBatch = 64;

/** @returns what ends the service when it is disposed; the links of running guests stay as they are. */
export function serve(
  broker: Broker,
  socket: ControlSocket,
  events: LinkEvents,
  closes: NodeCloses,
): Result<Disposable, Refusal> {
  const limit = openFileLimit();
  if (limit.isErr()) return err(describeSysError(limit.error));
  const interfaces = InterfaceEvents.open();
  if (interfaces.isErr()) return err(`cannot follow the kernel: ${describeSysError(interfaces.error)}`);
  // Before the first client: what they give us to close may block whoever closes it
  const closer = startCloser((uid) => broker.accountOf(uid));
  const watch = new Watch();
  const endings = new Endings(broker);
  const upkeep = new Upkeep(broker, endings);
  const room = roomFor(limit.value);
  broker.holders.room = roomForHolders(room.closing);
  const server = new Server(broker, endings, watch, socket.listener, room);
  const { kernel, switchboard } = broker;
  const wires = new Wires(kernel, interfaces.value, (gone) => switchboard.review(gone));
  switchboard.own.watch = wires;
  const service = {
    [Symbol.dispose]() {
      server[Symbol.dispose]();
      upkeep[Symbol.dispose]();
      broker.spares[Symbol.dispose]();
      broker.switchboard[Symbol.dispose]();
      wires[Symbol.dispose]();
      events[Symbol.dispose]();
      watch[Symbol.dispose]();
      closer[Symbol.dispose]();
    },
  };
  // The events are followed from before the dump, so that nothing falls between the two
  for (const fd of events.fds) {
    const ours = (ifindex: number) => broker.ledger.byIfindex(ifindex) !== undefined;
    const watched = watch.add(fd, { read: true }, () => upkeep.take(events.read(fd, eventBatch, ours)));
    if (watched.isErr()) return err(describeSysError(watched.error));
  }
  const watched = watch.add(closes.fd, { read: true }, () => upkeep.take(closes.take()));
  if (watched.isErr()) return err(describeSysError(watched.error));
  const following = watch.add(interfaces.value.fd, { read: true }, () => wires.take());
  if (following.isErr()) return err(describeSysError(following.error));
  const known = upkeep.reconcile();
  if (known.isErr()) return err(`cannot list the interfaces: ${describeSysError(known.error)}`);
  upkeep.take([]);
  broker.switchboard.resume((known) => resumeGrant(broker, known));
  broker.switchboard.keep(broker.config.networks.values());
  return server.listen().match(
    () => ok(service),
    (error) => err(describeSysError(error)),
  );
}

/**
 * How the descriptors are shared out. A connection takes one here, and one in flight in the kernel, which counts
 * against the same limit. What is left is for those that come with messages and wait to be closed,
 * and of that some for those that follow the holders of sockets.
 */
function roomFor(openFiles: number): Room {
  const connections = Math.max(16, Math.min(8192, Math.floor((openFiles - 64) / 2)));
  return { connections, closing: openFiles - 64 - connections };
}

/** A quarter at most, and never so many that there is no room left for a message's descriptors. */
function roomForHolders(closing: number): number {
  const quarter = Math.floor(closing / 4);
  return closing < mostFds ? quarter : Math.min(quarter, Math.floor((closing - mostFds) / 2));
}
