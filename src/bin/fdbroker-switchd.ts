/** The switch's program: takes its socket from whoever starts it (sd_listen_fds(3)), gives up all privileges, and works. */
import { err } from 'neverthrow';
import { describeSysError } from '../core/sys-error.js';
import { limitCapabilities } from '../kernel/process.js';
import { adoptListener } from '../kernel/seqpacket.js';
import { confine, isConfined } from '../switchd/confine.js';
import { Control } from '../switchd/control.js';
import { Ports } from '../switchd/ports.js';
import { Thread } from '../switchd/thread.js';
import { readVersion } from './version.js';

/** Ports at once, addresses at once, and seconds until an unseen address is forgotten. */
const options = { ports: 4096, addresses: 131_072, ageing: 300 };
/** Where descriptors that are handed over begin. */
const firstFd = 3;

const usage = `fdbroker-switchd [--help | --version]
The switch of fdbroker. It is started by fdbrokerd, or by systemd, with the listening socket that its broker connects to
as descriptor ${firstFd} (LISTEN_FDS=1); see fdbroker-switchd(8).
`;

function fail(status: number, message: string): never {
  process.stderr.write(`fdbroker-switchd: ${message}\n`);
  process.exit(status);
}

function main(args: readonly string[]): void {
  if (args.length > 0) {
    if (args[0] !== '--help' && args[0] !== '--version') fail(2, `there is no option ${args[0]}\n${usage}`);
    process.stdout.write(args[0] === '--help' ? usage : `${readVersion()}\n`);
    return;
  }
  const uid = process.geteuid?.() ?? 0;
  if (process.env['LISTEN_FDS'] !== '1') fail(2, `no socket was handed over\n${usage}`);
  const listener = adoptListener(firstFd);
  if (listener.isErr()) fail(1, describeSysError(listener.error));
  const confined = isConfined() ? limitCapabilities(0) : err(confine(listener.value));
  if (confined.isErr()) fail(1, `cannot give up privileges: ${describeSysError(confined.error)}`);
  const thread = Thread.start(options, {
    told: (what) => {
      if (what.tag !== 'ready') ports.told(what);
    },
    failed: (error) => {
      control.tell({ event: 'said', message: `a bug: ${error.stack}` });
      fail(70, `a bug: ${error.stack}`);
    },
  });
  if (thread.isErr()) fail(1, describeSysError(thread.error));
  const ports: Ports = new Ports(thread.value, {
    ended: (port) => {
      control.tell({ event: 'ended', port });
      endIfIdle();
    },
    refused: (port, message) => control.tell({ event: 'refused', port, message }),
  });
  const complain = (line: string) => {
    process.stderr.write(`fdbroker-switchd: ${line}\n`);
    control.tell({ event: 'said', message: line });
  };
  const control: Control = new Control(
    listener.value,
    uid,
    () => ports,
    complain,
    () => endIfIdle(),
  );
  const stop = async () => {
    control[Symbol.dispose]();
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
