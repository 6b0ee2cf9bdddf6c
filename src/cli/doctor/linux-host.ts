/** The host that this process runs on. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { machine } from 'node:os';
import type { FileFacts, Host } from './host.js';

/** Milliseconds; the programs that are run only tell about themselves. */
const patience = 5000;

/** Where `ip` is, and not everybody's PATH leads. */
const administration = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

export function linuxHost(env: NodeJS.ProcessEnv): Host {
  const path = [...(env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')), ...administration];
  return {
    machine: machine(),
    path: [...new Set(path)],
    read: (file) => attempt(() => readFileSync(file, 'utf8').trim()),
    list: (folder) => attempt(() => readdirSync(folder).sort()),
    stat: (file) => attempt(() => factsOf(statSync(file))),
    may: (file, how) => {
      const wanted = how === 'open' ? constants.R_OK | constants.W_OK : constants.X_OK;
      return attempt(() => accessSync(file, wanted) ?? true) ?? false;
    },
    run: (program, args) => {
      const { status, error, stdout } = spawnSync(program, args, {
        encoding: 'utf8',
        env: { ...env, LC_ALL: 'C' },
        // Another folder could not be read, or be gone, where sudo came from
        cwd: '/',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: patience,
        killSignal: 'SIGKILL',
      });
      return error === undefined ? { status: status ?? -1, output: stdout } : undefined;
    },
  };
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function factsOf(stats: Stats): FileFacts {
  const kinds = [
    [stats.isFile(), 'file'],
    [stats.isDirectory(), 'folder'],
    [stats.isCharacterDevice(), 'device'],
    [stats.isSocket(), 'socket'],
  ] as const;
  const kind = kinds.find(([is]) => is)?.[1] ?? 'other';
  return { kind, uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
}
