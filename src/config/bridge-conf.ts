/**
 * Reads qemu-bridge-helper's ACL file, bridge.conf, as that program does: `allow`, `deny` and `include`, one a line,
 * each with one argument; `#` begins a comment only where a line begins. Order means nothing there: access needs one
 * allow and no deny. What that program passes over in silence is an error here: an include that cannot be read (the
 * denies in it would be lost), and a name that no interface can have (it would never match).
 */
import { isUtf8 } from 'node:buffer';
import type { Result } from 'neverthrow';
import type { Origin } from '../core/config.js';
import { type InterfaceName, parseInterfaceName, type ValueError } from '../core/names.js';
import type { ErrorList } from './errors.js';
import { hiddenCharacter } from './line.js';
import { show } from './refuse.js';

export interface BridgeRule {
  readonly effect: 'allow' | 'deny';
  readonly bridge: InterfaceName | 'all';
  readonly origin: Origin;
}

export type ReadFile = (path: string) => Result<Uint8Array, ValueError>;

/** Includes in includes; more is a mistake. */
const deepest = 16;

/** @returns the rules of the file and of all that it includes; what is wrong is in `errors`. */
export function readBridgeConf(path: string, read: ReadFile, errors: ErrorList): readonly BridgeRule[] {
  const rules: BridgeRule[] = [];
  // Each file once: rules are a set, a second reading adds nothing
  const known = new Set<string>();
  const follow = (file: string, from: Origin, above: readonly string[]): void => {
    const refuse = (what: string) => errors.add(from, from.line === 0 ? what : `include ${file}: ${what}`);
    if (above.includes(file)) return refuse('the file includes itself; take the line out');
    if (known.has(file)) return;
    if (above.length > deepest) return refuse(`${above.length} includes deep; at most ${deepest} are followed`);
    known.add(file);
    const bytes = read(file);
    if (bytes.isErr()) return refuse(bytes.error.what);
    if (!isUtf8(bytes.value)) return errors.add({ file, line: 0 }, 'is not UTF-8; save the file as UTF-8');
    for (const [index, text] of Buffer.from(bytes.value).toString('utf8').split('\n').entries()) {
      const origin = { file, line: index + 1 };
      const line = parseBridgeLine(text, origin, errors);
      if (line === undefined) continue;
      if ('include' in line) follow(line.include, origin, [...above, file]);
      else rules.push(line);
    }
  };
  follow(path, { file: path, line: 0 }, []);
  return rules;
}

/** What isspace(3) takes for blank: a carriage return is one. */
const leadingBlanks = /^[\t-\r ]+/;
const trailingBlanks = /[\t-\r ]+$/;

function parseBridgeLine(
  text: string,
  origin: Origin,
  errors: ErrorList,
): BridgeRule | { include: string } | undefined {
  const line = text.replace(leadingBlanks, '');
  if (line === '' || line.startsWith('#')) return undefined;
  // That program looks for a space, and for a tab only where there is none at all
  const space = line.indexOf(' ');
  const end = space < 0 ? line.indexOf('\t') : space;
  const command = end < 0 ? line.trimEnd() : line.slice(0, end);
  const argument = end < 0 ? '' : line.slice(end).replace(leadingBlanks, '').replace(trailingBlanks, '');
  const refuse = (what: string) => {
    errors.add(origin, what);
    return undefined;
  };
  if (hiddenCharacter.test(`${command} ${argument}`))
    return refuse('holds a character that cannot be seen; write the line anew');
  if (command === 'include') {
    // That program would look from the directory in which each QEMU was started
    if (argument.startsWith('/')) return { include: argument };
    return refuse(`include ${show(argument)} is not an absolute path; write it from / on`);
  }
  if (command !== 'allow' && command !== 'deny') {
    return refuse(
      `${show(command)} is not a command; allowed are allow, deny and include, with a space and one name behind`,
    );
  }
  if (argument === 'all') return { effect: command, bridge: argument, origin };
  return parseInterfaceName(argument).match(
    (bridge) => ({ effect: command, bridge, origin }),
    ({ what }) => refuse(`${command}: ${what}`),
  );
}
