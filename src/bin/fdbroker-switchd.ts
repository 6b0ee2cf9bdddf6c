/** The switch's program: takes its socket from whoever starts it (sd_listen_fds(3)), gives up all privileges, and works. */
import { parseArgs } from 'node:util';
import { err, Result } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { systemAccounts } from '../kernel/accounts.js';
import { limitCapabilities } from '../kernel/process.js';
import { adoptListener } from '../kernel/seqpacket.js';
import { confine, isConfined } from '../switchd/confine.js';
import { Control } from '../switchd/control.js';
import { Inspector } from '../switchd/inspector.js';
import { Ports } from '../switchd/ports.js';
import { Thread } from '../switchd/thread.js';
import { readVersion } from './version.js';

/** Ports at once, addresses at once, and seconds until an unseen address is forgotten. */
const options = { ports: 4096, addresses: 131_072, ageing: 300 };
/** Where descriptors that are handed over begin. */
const firstFd = 3;

const usage = `Usage: fdbroker-switchd [--broker USER]

Carries frames between the ports that its broker hands it. It is started by fdbrokerd, or by systemd, with the listening
socket that the broker connects to as descriptor ${firstFd} (LISTEN_FDS=1).

  --broker USER   whose broker may give orders, besides root's (default: the user that it runs as)
  --version       print the version
  --help          print this

SIGTERM ends it. Exit status: 0 ended as asked, 1 could not start, 2 usage, 70 a bug. See fdbroker-switchd(8).
`;

function fail(status: number, message: string): never {
  process.stderr.write(`fdbroker-switchd: ${message}\n`);
  process.exit(status);
}

/** @returns the uid of the broker. */
function readOptions(args: readonly string[]): number {
  const parsed = parse(args);
  if (parsed.isErr()) return fail(2, `${parsed.error.message}; fdbroker-switchd --help lists the options`);
  const { help, version, broker } = parsed.value;
  if (help || version) {
    process.stdout.write(help ? usage : `fdbroker-switchd ${readVersion()}\n`);
    process.exit(0);
  }
  const uid = broker === undefined ? process.geteuid?.() : systemAccounts.userId(broker);
  return uid ?? fail(2, `there is no user ${broker}`);
}

const flag = { type: 'boolean', default: false } as const;
const parse = Result.fromThrowable(
  (args: readonly string[]) =>
    parseArgs({ args: [...args], options: { broker: { type: 'string' }, version: flag, help: flag } }).values,
  (error) => error as Error,
);

function main(args: readonly string[]): void {
  const uid = readOptions(args);
  if (process.env['LISTEN_FDS'] !== '1') fail(2, 'no socket was handed over: fdbrokerd or systemd starts it with one');
  const listener = adoptListener(firstFd);
  if (listener.isErr()) fail(1, describeSysError(listener.error));
  const confined = isConfined() ? limitCapabilities(0) : err(confine(listener.value));
  if (confined.isErr()) fail(1, `cannot give up privileges: ${describeSysError(confined.error)}`);
  const thread = Thread.start(options, {
    told: (what) => ports.told(what),
    failed: (error) => {
      control.tell({ event: 'said', message: `a bug: ${error.stack}` });
      fail(70, `a bug: ${error.stack}`);
    },
  });
  if (thread.isErr()) fail(1, describeSysError(thread.error));
  const ports: Ports = new Ports(thread.value, {
    ended: (port) => {
      inspector.ended(port);
      control.tell({ event: 'ended', port });
      endIfIdle();
    },
    refused: (port, message) => control.tell({ event: 'refused', port, message }),
  });
  const inspector = new Inspector(thread.value, ports, options);
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
    () => endIfIdle(),
  );
  const stop = async () => {
    control[Symbol.dispose]();
    inspector[Symbol.dispose]();
    await thread.value.stop();
    process.exit(0);
  };
  // Nobody would ever ask it for anything again
  const endIfIdle = () => {
    if (!control.hasBroker && !ports.hasGuests) void stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

main(process.argv.slice(2));
