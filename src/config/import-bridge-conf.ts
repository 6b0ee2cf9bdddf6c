/** Turns qemu-bridge-helper's bridge.conf into sections of fdbroker.ini that mean the same, or less, never more. */
import { err, ok, type Result } from 'neverthrow';
import type { ConfigError } from '../core/config.js';
import { type InterfaceName, parseNetworkName } from '../core/names.js';
import { type BridgeRule, type ReadFile, readBridgeConf } from './bridge-conf.js';
import { ErrorList } from './errors.js';

export interface Imported {
  /** Sections of fdbroker.ini, with comments. */
  readonly text: string;
  /** What the old file said and the sections cannot, each where it stands: it must be told to the administrator. */
  readonly notes: readonly ConfigError[];
}

export interface ImportOptions {
  readonly read: ReadFile;
  /** The bridges that the host has now, which is what `allow all` becomes; left out: none. */
  readonly bridges?: readonly InterfaceName[];
}

function head(path: string): string {
  return `; Imported from ${JSON.stringify(path)}, which knows no users: whoever could run qemu-bridge-helper could use it.
; So these rules are for everyone who can connect to the broker. Name the group that may in fdbroker.ini:
;     [broker]
;     socket-group = kvm
; or put user[] and group[] lines in the place of user[] = *
`;
}

export function importBridgeConf(path: string, options: ImportOptions): Result<Imported, readonly ConfigError[]> {
  const errors = new ErrorList();
  const rules = readBridgeConf(path, options.read, errors);
  const files = [...new Set([path, ...rules.map(({ origin }) => origin.file)])];
  for (const { bridge, origin } of rules) {
    if (bridge === 'all') continue;
    parseNetworkName(bridge).mapErr(({ what }) => errors.add(origin, `${what}; rename the bridge`));
  }
  if (errors.count > 0) return err(errors.sorted(files));
  const notes = rules.flatMap((rule) => noteOn(rule, options.bridges));
  return ok({ text: emit(path, rules, options.bridges ?? []), notes });
}

function emit(path: string, rules: readonly BridgeRule[], present: readonly InterfaceName[]): string {
  const says = (effect: 'allow' | 'deny', bridge: InterfaceName | 'all') =>
    rules.some((rule) => rule.effect === effect && rule.bridge === bridge);
  const named = rules.flatMap(({ bridge }) => (bridge === 'all' ? [] : [bridge]));
  const usable = present.filter((bridge) => parseNetworkName(bridge).isOk());
  const bridges = [...new Set([...named, ...(says('allow', 'all') ? usable : [])])].sort();
  const allowed = bridges.filter((bridge) => says('allow', bridge) || says('allow', 'all'));
  const denied = bridges.filter((bridge) => says('deny', bridge) || says('deny', 'all'));
  return [
    head(path),
    ...bridges.map((bridge) => `[network ${bridge}]\ntype = bridge\nbridge = ${bridge}\n`),
    ...rule('bridge-conf-allow', 'allow', allowed),
    ...rule('bridge-conf-deny', 'deny', denied),
    ...(bridges.length === 0 ? ['; It names no bridge, so there is nothing to allow.\n'] : []),
  ].join('\n');
}

function rule(name: string, effect: 'allow' | 'deny', bridges: readonly InterfaceName[]): string[] {
  if (bridges.length === 0) return [];
  const lines = [
    `[rule ${name}]`,
    `effect = ${effect}`,
    'user[] = *',
    ...bridges.map((bridge) => `network[] = ${bridge}`),
  ];
  return [`${lines.join('\n')}\n`];
}

function noteOn({ effect, bridge, origin }: BridgeRule, present: ImportOptions['bridges']): ConfigError[] {
  if (bridge !== 'all') return [];
  const what =
    effect === 'deny'
      ? 'deny all denies every bridge; here it denies those that the file names, and others are not allowed anyway'
      : present === undefined
        ? 'allow all allows any bridge, also one made later, which no rule can; only those that the file names were ' +
          'taken over: add a [network NAME] and a network[] line for each further one'
        : 'allow all allows any bridge, also one made later, which no rule can; those that the file names and those ' +
          'that the host has now were taken over: add a [network NAME] and a network[] line for each further one';
  return [{ tag: 'config', ...origin, what }];
}
