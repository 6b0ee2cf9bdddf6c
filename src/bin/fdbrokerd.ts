/** The broker's program: options and wiring. The launcher that is installed gives Node the flags of broker/confine.ts. */
import { rmSync } from 'node:fs';
import { err, Result } from 'neverthrow';
import { AuditLog } from '../broker/audit.js';
import { Broker, type Setup } from '../broker/broker.js';
import { complain } from '../broker/complain.js';
import { confine, inheritedSocket, isConfined } from '../broker/confine.js';
import { adoptControlSocket, bindControlSocket, type ControlSocket } from '../broker/control-socket.js';
import { Keeper } from '../broker/keeper.js';
import { serve } from '../broker/serve.js';
import { closedFolder } from '../broker/socket-folder.js';
import { type Refusal, removeLock } from '../broker/socket-lock.js';
import { SwitchLink } from '../broker/switch-link.js';
import { formatConfigError } from '../config/errors.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../core/config.js';
import { describeSysError } from '../core/sys-error.js';
import { systemAccounts } from '../kernel/accounts.js';
import { LinkEvents } from '../kernel/link-events.js';
import { createLinuxKernel } from '../kernel/linux.js';
import { limitCapabilities, networkCapabilities, neverWait, notifySystemd } from '../kernel/process.js';
import { type Options, parseOptions, startHint } from './fdbrokerd-options.js';
import { readVersion } from './version.js';

function fail(status: number, message: string): never {
  complain(message);
  process.exit(status);
}

function readOptions(args: readonly string[]): Options {
  const options = parseOptions(args, process.env, readVersion());
  if (options.isErr()) return fail(2, options.error);
  if (typeof options.value !== 'string') return options.value;
  process.stdout.write(options.value);
  return process.exit(0);
}

function controlSocket({ socket, ownFolder }: Options, config: Config): Result<ControlSocket, Refusal> {
  const inherited = inheritedSocket();
  if (inherited !== undefined) return inherited;
  if (process.env['LISTEN_PID'] !== String(process.pid)) return bindControlSocket(socket, config.broker, ownFolder);
  const count = Number(process.env['LISTEN_FDS']);
  // Descriptors handed over begin at 3 (sd_listen_fds(3))
  return count === 1 ? adoptControlSocket(3) : err(`${count} sockets were handed over; fdbrokerd serves one`);
}

function main(args: readonly string[]): void {
  const options = readOptions(args);
  const uid = process.geteuid?.() ?? 0;
  const hint = startHint(options, uid, process.env);
  const load = () => loadConfig(options.config, { accounts: systemAccounts, owner: options.user ? uid : 0 });
  const loaded = load();
  if (loaded.isErr()) {
    fail(1, `the configuration is refused\n${loaded.error.map(formatConfigError).join('\n')}${hint}`);
  }
  const config = loaded.value;
  const opened = controlSocket(options, config);
  if (opened.isErr()) fail(1, `${opened.error}${hint}`);
  const socket = opened.value;
  const giveUp: GiveUp = (message) => {
    removeOwnFile(socket);
    removeLock(socket);
    return fail(1, message);
  };
  if (!isConfined()) giveUp(confine(socket, args));
  const closed = socket.bound ? closedFolder(socket.path) : undefined;
  if (closed !== undefined) complain(`no network of the switch can be had: ${closed}`);
  // Once more for this very process: exec made it dumpable again (prctl(2), PR_SET_DUMPABLE)
  const limited = limitCapabilities(networkCapabilities);
  if (limited.isErr()) giveUp(`cannot give up privileges: ${describeSysError(limited.error)}`);
  const mode = options.user ? 'user' : 'system';
  run({ config, load, version: readVersion(), mode }, socket, options.config, giveUp);
}

/** Ends the program, and leaves no file of its own. */
type GiveUp = (message: string) => never;

/** @param file the configuration's, for a word about what is to be mended there. */
function run(
  setup: Omit<Setup, 'kernel' | 'audit' | 'switchLink' | 'keeper'>,
  socket: ControlSocket,
  file: string,
  giveUp: GiveUp,
): void {
  const kernel = createLinuxKernel().match(
    (value) => value,
    (error) => giveUp(`cannot talk to the kernel: ${describeSysError(error)}`),
  );
  const events = LinkEvents.open().match(
    (value) => value,
    (error) => giveUp(`cannot follow the kernel: ${describeSysError(error)}`),
  );
  // Whoever reads it must not hold up the broker: the audit log counts what it could not write. A closed one is no harm
  neverWait(process.stderr.fd).unwrapOr(undefined);
  const audit = openAudit(setup.config.broker.auditFile).match(
    (value) => value,
    (error) => giveUp(`cannot open the audit file: ${error.message}; mend it, or audit-file in ${file}`),
  );
  const switchLink = new SwitchLink(`${socket.path}.switch`);
  const keeper = new Keeper(`${socket.path}.keeper`);
  const broker = new Broker({ ...setup, kernel, audit, switchLink, keeper });
  const service = serve(broker, socket, events, kernel.nodeCloses).match(
    (value) => value,
    (refusal) => giveUp(refusal),
  );
  process.on('SIGHUP', () => reload(broker));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      tellSystemd('STOPPING=1');
      removeOwnFile(socket);
      service[Symbol.dispose]();
      kernel[Symbol.dispose]();
      audit.close();
      // Not left to the exit: a closer that cannot end would keep it (decision 7)
      socket.lock.close();
      process.exit(0);
    });
  }
  tellSystemd('READY=1');
}

function reload(broker: Broker): void {
  tellSystemd('RELOADING=1');
  broker.reopenAudit().mapErr(complain);
  const reloaded = broker.reload();
  if (reloaded.isErr()) {
    const errors = reloaded.error.map(formatConfigError).join('\n');
    complain(`the configuration is refused, the one before stays in force\n${errors}`);
  }
  tellSystemd('READY=1');
}

function tellSystemd(state: string): void {
  // Whoever asked for it and does not listen misses a word; the socket accepts all the same
  notifySystemd(state).unwrapOr(undefined);
}

const openAudit = Result.fromThrowable(
  (file: string | undefined) => new AuditLog(file, complain),
  (error) => error as Error,
);

/** One that was handed over is not ours; one that may not be removed stays, and the next broker replaces it. */
function removeOwnFile({ bound, path }: ControlSocket): void {
  if (!bound) return;
  try {
    rmSync(path, { force: true });
  } catch (error) {
    complain(`the socket stays: ${(error as Error).message}`);
  }
}

process.on('uncaughtException', (error) => {
  process.stderr.write(`fdbrokerd: a bug: ${error.stack}\n`);
  process.exit(70);
});
main(process.argv.slice(2));
