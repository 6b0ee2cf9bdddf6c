/** The broker's program: options and wiring. The launcher that is installed gives Node the flags of broker/confine.ts. */
import { rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { err, Result } from 'neverthrow';
import { AuditLog } from '../broker/audit.js';
import { Broker } from '../broker/broker.js';
import { confine, inheritedSocket, isConfined } from '../broker/confine.js';
import { adoptControlSocket, bindControlSocket, type ControlSocket, type Refusal } from '../broker/control-socket.js';
import { serve } from '../broker/serve.js';
import { formatConfigError } from '../config/errors.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../core/config.js';
import { describeSysError } from '../core/sys-error.js';
import { systemAccounts } from '../kernel/accounts.js';
import { LinkEvents } from '../kernel/link-events.js';
import { createLinuxKernel } from '../kernel/linux.js';
import { limitCapabilities, neverWait, notifySystemd } from '../kernel/process.js';
import { readVersion } from './version.js';

const usage = `Usage: fdbrokerd [--config FILE] [--socket PATH] [--user]

Hands out network descriptors to QEMU by the rules of its configuration.

  --config FILE   configuration (default /etc/fdbroker/fdbroker.ini; with --user
                  $XDG_CONFIG_HOME/fdbroker/fdbroker.ini), and conf.d/*.ini beside it
  --socket PATH   control socket (default /run/fdbroker/control; with --user
                  $XDG_RUNTIME_DIR/fdbroker/control); a socket that systemd hands over wins
  --user          serve one user, with that user's privileges
  --version       print the version
  --help          print this

SIGHUP reads the configuration again. SIGTERM ends; running guests keep their links.
Exit status: 0 ended as asked, 1 could not start, 2 usage, 70 a bug. See fdbrokerd(8).
`;

interface Options {
  readonly config: string;
  readonly socket: string;
  readonly user: boolean;
}

function fail(status: number, message: string): never {
  process.stderr.write(`fdbrokerd: ${message}\n`);
  process.exit(status);
}

function options(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: text, socket: text, user: flag, version: flag, help: flag },
    });
    if (values.help || values.version) {
      process.stdout.write(values.help ? usage : `fdbrokerd ${readVersion()}\n`);
      process.exit(0);
    }
    const runtime = process.env['XDG_RUNTIME_DIR'];
    if (values.user && values.socket === undefined && runtime === undefined) {
      fail(2, 'XDG_RUNTIME_DIR is not set; say where the socket goes with --socket=PATH');
    }
    return {
      config: values.config ?? join(values.user ? configHome() : '/etc', 'fdbroker/fdbroker.ini'),
      socket: values.socket ?? join(values.user ? (runtime as string) : '/run', 'fdbroker/control'),
      user: values.user,
    };
  } catch (error) {
    return fail(2, `${(error as Error).message}; fdbrokerd --help lists the options`);
  }
}

/** Asked for only where it is needed: a uid without an account and without HOME has no home. */
function configHome(): string {
  return process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
}

function controlSocket(path: string, config: Config): Result<ControlSocket, Refusal> {
  const inherited = inheritedSocket();
  if (inherited !== undefined) return inherited;
  if (process.env['LISTEN_PID'] !== String(process.pid)) return bindControlSocket(path, config.broker);
  const count = Number(process.env['LISTEN_FDS']);
  // Descriptors handed over begin at 3 (sd_listen_fds(3))
  return count === 1 ? adoptControlSocket(3) : err(`${count} sockets were handed over; fdbrokerd serves one`);
}

function main(args: readonly string[]): void {
  const { config: file, socket: path, user } = options(args);
  const owner = user ? (process.geteuid?.() ?? 0) : 0;
  const load = () => loadConfig(file, { accounts: systemAccounts, owner });
  const loaded = load();
  if (loaded.isErr()) fail(1, `the configuration is refused\n${loaded.error.map(formatConfigError).join('\n')}`);
  const config = loaded.value;
  const opened = controlSocket(path, config);
  if (opened.isErr()) fail(1, opened.error);
  const socket = opened.value;
  const giveUp: (message: string) => never = (message) => {
    removeOwnFile(socket);
    return fail(1, message);
  };
  if (!isConfined()) giveUp(confine(socket, args));
  // Once more for this very process: exec made it dumpable again (prctl(2), PR_SET_DUMPABLE)
  const limited = limitCapabilities();
  if (limited.isErr()) giveUp(`cannot give up privileges: ${describeSysError(limited.error)}`);

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
  const audit = openAudit(config.broker.auditFile).match(
    (value) => value,
    (error) => giveUp(`cannot open the audit file: ${error.message}; mend it, or audit-file in ${file}`),
  );
  const mode = user ? 'user' : 'system';
  const broker = new Broker({ kernel, audit, config, load, version: readVersion(), mode });
  const service = serve(broker, socket, events).match(
    (value) => value,
    (refusal) => giveUp(refusal),
  );
  process.on('SIGHUP', () => {
    tellSystemd('RELOADING=1');
    try {
      audit.reopen();
    } catch (error) {
      process.stderr.write(`fdbrokerd: the audit file cannot be opened anew: ${(error as Error).message}\n`);
    }
    const reloaded = broker.reload();
    if (reloaded.isErr())
      process.stderr.write(
        `fdbrokerd: the configuration is refused, the one before stays in force\n${reloaded.error.map(formatConfigError).join('\n')}\n`,
      );
    tellSystemd('READY=1');
  });
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

function tellSystemd(state: string): void {
  // Whoever asked for it and does not listen misses a word; the socket accepts all the same
  notifySystemd(state).unwrapOr(undefined);
}

const openAudit = Result.fromThrowable(
  (file: string | undefined) => new AuditLog(file),
  (error) => error as Error,
);

/** One that was handed over is not ours; one that may not be removed stays, and the next broker replaces it. */
function removeOwnFile({ bound, path }: ControlSocket): void {
  if (!bound) return;
  try {
    rmSync(path, { force: true });
  } catch (error) {
    process.stderr.write(`fdbrokerd: the socket stays: ${(error as Error).message}\n`);
  }
}

process.on('uncaughtException', (error) => {
  process.stderr.write(`fdbrokerd: a bug: ${error.stack}\n`);
  process.exit(70);
});
main(process.argv.slice(2));
