/** `{fd:NAME}` and the like in a command that is started, and the words that a shell would read back. */
import { err, ok, type Result } from 'neverthrow';

/** What stands for a network in a command. */
export interface Substitute {
  readonly name: string;
  readonly fds: readonly number[];
  readonly vhostFds: readonly number[];
  readonly mac: string;
  readonly mtu: number;
  /** Where frames are to be sent, of a socket that is not connected. */
  readonly to?: string;
}

const pattern = /\{(fd|vhostfd|mac|mtu|to)(?::([A-Za-z0-9][A-Za-z0-9._-]*))?\}/g;

/** The first placeholder that names none of the networks, or no one of several. */
export function checkPlaceholders(words: readonly string[], names: readonly string[]): Result<void, string> {
  // Braces are the program's own where no network is named
  if (names.length === 0) return ok();
  for (const [text, , name] of words.flatMap((word) => [...word.matchAll(pattern)])) {
    if (name === undefined && names.length > 1) return err(`${text} does not say which: ${names.join(', ')}`);
    if (name !== undefined && !names.includes(name))
      return err(`${text} names none of the networks ${names.join(', ')}`);
  }
  return ok();
}

/** Whether the network of this name has its address told to the command. The words must have been checked. */
export function tellsAddress(words: readonly string[], name: string): boolean {
  const told = words.flatMap((word) => [...word.matchAll(pattern)]).filter(([, kind]) => kind === 'mac');
  return told.some(([, , named]) => named === undefined || named === name);
}

/** Several numbers have colons between them. The words must have been checked. */
export function fillPlaceholders(words: readonly string[], all: readonly Substitute[]): string[] {
  return words.map((word) =>
    word.replaceAll(pattern, (text, kind: string, name?: string) => {
      const one = name === undefined ? all[0] : all.find((each) => each.name === name);
      return one === undefined ? text : textFor(one, kind);
    }),
  );
}

function textFor({ fds, vhostFds, mac, mtu, to = '' }: Substitute, kind: string): string {
  if (kind === 'fd') return fds.join(':');
  if (kind === 'vhostfd') return vhostFds.join(':');
  if (kind === 'to') return to;
  return kind === 'mac' ? mac : String(mtu);
}

/** The value of $FDBROKER_FDS: `lan=21:22 lan:vhost=23:24`. */
export function fdsVariable(all: readonly Substitute[]): string {
  return all
    .flatMap(({ name, fds, vhostFds }) => [
      `${name}=${fds.join(':')}`,
      ...(vhostFds.length === 0 ? [] : [`${name}:vhost=${vhostFds.join(':')}`]),
    ])
    .join(' ');
}

/** The value of $FDBROKER_TO: `old-lab=230.0.0.1:1234`; empty: every socket is connected. */
export function toVariable(all: readonly Substitute[]): string {
  return all.flatMap(({ name, to }) => (to === undefined ? [] : [`${name}=${to}`])).join(' ');
}

/** A line for a shell, which reads the same words. */
export function quoteForShell(words: readonly string[]): string {
  const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
  return words.map(quote).join(' ');
}
