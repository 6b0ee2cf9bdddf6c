/** The command line of fdbrokerd(8). */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from 'neverthrow';

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

export interface Options {
  readonly config: string;
  readonly socket: string;
  /** Whether the socket is where it is by default, in a folder that is the broker's to make. */
  readonly ownFolder: boolean;
  readonly user: boolean;
}

/**
 * @param args the words after the program's name.
 * @returns the options, or the text to print and be done with; the error is one sentence.
 */
export function parseOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  version: string,
): Result<Options | string, string> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: text, socket: text, user: flag, version: flag, help: flag },
    });
    if (values.help) return ok(usage);
    if (values.version) return ok(`fdbrokerd ${version}\n`);
    const { user } = values;
    const runtime = user ? env['XDG_RUNTIME_DIR'] : '/run';
    if (values.socket === undefined && runtime === undefined) {
      return err('XDG_RUNTIME_DIR is not set; say where the socket goes with --socket=PATH');
    }
    const usual = runtime === undefined ? undefined : join(runtime, 'fdbroker/control');
    const socket = values.socket ?? (usual as string);
    // Absolute, so that whoever reads the audit log need not know where the broker was started
    const config = resolve(values.config ?? join(user ? configHome(env) : '/etc', 'fdbroker/fdbroker.ini'));
    return ok({ config, socket, ownFolder: socket === usual, user });
  } catch (error) {
    return err(`${(error as Error).message}; fdbrokerd --help lists the options`);
  }
}

/** Asked for only where it is needed: a uid without an account and without HOME has no home. */
function configHome(env: NodeJS.ProcessEnv): string {
  return env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
}

/**
 * What to add when the start is refused: an ordinary user may have meant a broker of their own. A service manager, which
 * tells its programs where to say that they are ready, did not.
 */
export function startHint({ user }: Options, uid: number, env: NodeJS.ProcessEnv): string {
  if (user || uid === 0 || env['NOTIFY_SOCKET'] !== undefined) return '';
  return '\nfdbrokerd: you are not root: for a broker of your own, with your privileges, add --user';
}
