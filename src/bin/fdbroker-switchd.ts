/** The switch's program: takes its socket from whoever starts it (sd_listen_fds(3)), gives up all privileges, and works. */
import { availableParallelism } from 'node:os';
import { err } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { systemAccounts } from '../kernel/accounts.js';
import { limitCapabilities } from '../kernel/process.js';
import { adoptListener } from '../kernel/seqpacket.js';
import { confine, isConfined } from '../switchd/confine.js';
import { Control } from '../switchd/control.js';
import { describeDrop } from '../switchd/describe-drop.js';
import { Inspector } from '../switchd/inspector.js';
import { Ports } from '../switchd/ports.js';
import { Threads } from '../switchd/threads.js';
import { parseSwitchdOptions, type SwitchdOptions } from './fdbroker-switchd-options.js';
import { readVersion } from './version.js';

/** Ports at once, addresses at once of each thread, and seconds until an unseen address is forgotten. */
const room = { ports: 4096, addresses: 131_072, ageing: 300 };
/** Milliseconds for which an interface of the host's waits for another broker when there are no guests. */
const hostPatience = 30_000;
/** Where descriptors that are handed over begin. */
const firstFd = 3;
/** Milliseconds that the threads have to end. */
const patience = 2000;

function fail(status: number, message: string): never {
  process.stderr.write(`fdbroker-switchd: ${message}\n`);
  process.exit(status);
}

function readOptions(args: readonly string[]): SwitchdOptions {
  const options = parseSwitchdOptions(args, readVersion(), availableParallelism());
  if (options.isErr()) return fail(2, options.error);
  if (typeof options.value !== 'string') return options.value;
  process.stdout.write(options.value);
  return process.exit(0);
}

/** A thread that hangs would hold up an orderly exit for ever, and it is not to go on with descriptors that others have by then. */
function end(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('killed');
}

function main(args: readonly string[]): void {
  const { broker, threads: mostThreads, realtime, busyPoll } = readOptions(args);
  const uid = broker === undefined ? process.geteuid?.() : systemAccounts.userId(broker);
  if (uid === undefined) fail(2, `there is no user ${broker}`);
  if (process.env['LISTEN_FDS'] !== '1') fail(2, 'no socket was handed over: fdbrokerd or systemd starts it with one');
  const listener = adoptListener(firstFd);
  if (listener.isErr()) fail(1, describeSysError(listener.error));
  const confined = isConfined() ? limitCapabilities(0) : err(confine(listener.value));
  if (confined.isErr()) fail(1, `cannot give up privileges: ${describeSysError(confined.error)}`);
  const threads = new Threads(
    mostThreads,
    room,
    { realtime, busyPoll },
    {
      told: (what) => ports.told(what),
      lost: (thread, message) => {
        if (thread === 0) fail(1, message);
        complain(`thread ${thread} cannot run, and others carry its networks: ${message}`);
        ports.lost(thread);
      },
      failed: (error) => {
        control.tell({ event: 'said', message: `a bug: ${error.stack}` });
        fail(70, `a bug: ${error.stack}`);
      },
      hung: (thread) => {
        complain(`a bug: thread ${thread} hangs, so this switch ends`);
        end();
      },
    },
  );
  const ports: Ports = new Ports(threads, {
    ended: (port) => {
      inspector.ended(port);
      control.tell({ event: 'ended', port });
      endIfIdle();
    },
    refused: (port, message) => control.tell({ event: 'refused', port, message }),
    noticed: (order, reason) => complain(describeDrop(order, reason)),
  });
  const inspector = new Inspector(threads, ports, room);
  const complain = (line: string) => {
    process.stderr.write(`fdbroker-switchd: ${line}\n`);
    control.tell({ event: 'said', message: line });
  };
  const control: Control = new Control(
    listener.value,
    uid,
    () => ports,
    (order, end) => inspector.show(order, end),
    complain,
    // Another one may be about to connect, or be connected by now
    () => void setImmediate(endIfIdle),
  );
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    control[Symbol.dispose]();
    inspector[Symbol.dispose]();
    if (await threads.stop(patience)) process.exit(0);
    process.stderr.write('fdbroker-switchd: a thread does not end, and is killed\n');
    end();
  };
  // Nobody would ever ask it for anything again
  let idle: NodeJS.Timeout | undefined;
  const endIfIdle = (waited = false) => {
    clearTimeout(idle);
    if (control.hasBroker || ports.hasGuests) return;
    // A broker that was killed comes back, and the host's interface is to be the same then
    if (waited || !ports.hasHost) void stop();
    else idle = setTimeout(() => endIfIdle(true), hostPatience);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

main(process.argv.slice(2));
