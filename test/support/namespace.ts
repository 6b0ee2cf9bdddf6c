/** Gives a test file a network namespace of its own, so that it can make links and break nothing on the host. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';

/** Holds the namespace the first run was in: who is in another one has arrived. */
export const marker = 'FDBROKER_TEST_OUTER_NETNS';
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/**
 * To be called first in a test file. Where a namespace cannot be had, the file is skipped with the remedy as its reason.
 */
export function inPrivateNamespace(): void {
  const missing = enterPrivateNamespace();
  if (missing !== undefined) skipFile(missing);
}

/**
 * Runs the program again in a private network namespace (as root, or as the root of a user namespace) and ends this
 * process with that run's status; in there it brings lo up and returns. The namespace and every link in it end with
 * the program.
 *
 * @returns why there is no such namespace, and the remedy; undefined: this is it.
 */
export function enterPrivateNamespace(): string | undefined {
  const here = readlinkSync('/proc/self/ns/net');
  const outer = process.env[marker];
  if (outer !== undefined && outer !== here) {
    sh('ip link set lo up');
    return undefined;
  }
  const missing = missingTun();
  if (missing !== undefined) return missing;
  for (const flags of ['-n', '-Urn']) {
    if (spawnSync('unshare', [flags, 'true'], { env: environment }).status === 0) runAgain(flags, here);
  }
  return 'no network namespace to be had: run as root, or allow user namespaces (sysctl user.max_user_namespaces)';
}

/** Runs a shell command (ip, bridge …) in this process's namespace and gives its output; throws with its stderr. */
export function sh(command: string): string {
  const run = spawnSync('/bin/sh', ['-ec', command], { encoding: 'utf8', env: environment, maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`${command}: ${run.error?.message ?? run.stderr.trim()}`);
  return run.stdout;
}

/** What `ip -j` or `bridge -j` prints, as data; nothing printed is an empty list. */
// biome-ignore lint/suspicious/noExplicitAny: the tools' own JSON, of many shapes, looked at field by field
export function shJson(command: string): any {
  return JSON.parse(sh(command) || '[]');
}

/** Why /dev/net/tun cannot be had, and the remedy; undefined: it can. */
export function missingTun(): string | undefined {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `/dev/net/tun cannot be opened (${code}): run as root, or "modprobe tun; chmod 0666 /dev/net/tun"`;
  }
}

function runAgain(flags: string, outer: string): never {
  // Ctrl-C reaches the inner run as well, which cleans up
  process.on('SIGINT', () => {});
  // A killed run takes the inner one along: without pdeathsig it would live on, with its namespace.
  const run = spawnSync(
    'unshare',
    [flags, 'setpriv', '--pdeathsig', 'KILL', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { env: { ...environment, [marker]: outer }, stdio: 'inherit' },
  );
  if (run.signal !== null) process.stderr.write(`the run in a private namespace was killed by ${run.signal}\n`);
  process.exit(run.status ?? 1);
}

/** Ends the process; the file counts as skipped, for this reason. */
export function skipFile(reason: string): never {
  process.stdout.write(`TAP version 14\n1..0 # ${reason}\n`);
  process.exit(0);
}
