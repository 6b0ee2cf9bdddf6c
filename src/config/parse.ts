/** From the bytes of all files to the validated configuration, or to everything that is wrong with them. */
import { err, ok, type Result } from 'neverthrow';
import type { Accounts, BrokerSettings, Config, ConfigError, Network, Origin, Rule } from '../core/config.js';
import { type NetworkName, parseNetworkName } from '../core/names.js';
import { type AccountParsers, accountParsers } from './accounts.js';
import { readsTheSame } from './canonical.js';
import { ErrorList } from './errors.js';
import { titleOf } from './fields.js';
import { checkHostEnds } from './host-ends.js';
import { suggestion } from './nearest.js';
import { defaultSettings, parseBroker } from './parse-broker.js';
import { parseNetwork } from './parse-network.js';
import { parseRule } from './parse-rule.js';
import { checkQdesNetworks } from './qdes-networks.js';
import { type Section, scan } from './scan.js';

export interface ConfigText {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** One file by itself, without a look at its owner and mode, on a host without subordinate uids. `file` is for errors. */
export function parseConfigText(
  file: string,
  text: string | Uint8Array,
  accounts: Accounts,
): Result<Config, readonly ConfigError[]> {
  const errors = new ErrorList();
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const config = parseTexts([{ file, bytes }], accounts, errors, { whole: true });
  return errors.count === 0 ? ok({ ...config, subordinates: [] }) : err(errors.sorted([file]));
}

/**
 * @param whole whether these are all the files, so that a network that is nowhere is an error.
 * @returns what could be read; to be used only when `errors` is empty.
 */
export function parseTexts(
  texts: readonly ConfigText[],
  accounts: Accounts,
  errors: ErrorList,
  { whole }: { readonly whole: boolean },
): Omit<Config, 'subordinates'> {
  const reader = new ConfigReader(accountParsers(accounts), errors);
  for (const { file, bytes } of texts) {
    for (const section of scan(file, bytes, errors)) reader.add(section);
  }
  if (whole) reader.checkNetworks();
  checkQdesNetworks(reader.result().networks.values(), errors);
  checkHostEnds(reader.result().networks.values(), errors);
  return { ...reader.result(), files: texts.map(({ file }) => file) };
}

class ConfigReader {
  readonly #networks = new Map<NetworkName, Network>();
  readonly #rules: Rule[] = [];
  #broker: BrokerSettings = defaultSettings;
  /** Where each section stands, by its title: also of those with errors. */
  readonly #seen = new Map<string, Origin>();
  readonly #names = new Set<string>();
  /** Every network[] of every rule: also of those with errors. */
  readonly #mentions: { readonly network: string; readonly origin: Origin }[] = [];

  constructor(
    readonly accounts: AccountParsers,
    readonly errors: ErrorList,
  ) {}

  result(): Pick<Config, 'broker' | 'networks' | 'rules' | 'deniedMembers'> {
    const { deniedMembers } = this.accounts;
    return { broker: this.#broker, networks: this.#networks, rules: this.#rules, deniedMembers };
  }

  add(section: Section): void {
    const { kind } = section;
    const before = this.errors.count;
    this.#checkTitle(section);
    if (kind === 'broker') this.#broker = parseBroker(section, this.accounts, this.errors);
    if (kind === 'network') this.#addNetwork(section);
    if (kind === 'rule') this.#addRule(section);
    if (this.errors.count === before && !readsTheSame(section)) {
      const what = 'is read differently by the ini package, and so refused; this is a bug, please report it';
      this.errors.add(section.origin, `${titleOf(section)} ${what}`);
    }
  }

  /** A section with a wrong title is read all the same, for its other errors. */
  #checkTitle(section: Section): void {
    const { kind, name, origin } = section;
    const title = titleOf(section);
    const refuse = (what: string) => this.errors.add(origin, what);
    if (kind !== 'broker' && kind !== 'network' && kind !== 'rule') {
      const near = suggestion(kind, ['broker', 'network', 'rule']);
      return refuse(`${title} is not a section; allowed are [broker], [network NAME] and [rule NAME]${near}`);
    }
    if (kind === 'broker' && name !== undefined) return refuse(`${title} has a name; write [broker]`);
    if (kind !== 'broker' && name === undefined) return refuse(`${title} has no name; write [${kind} NAME]`);
    const first = this.#seen.get(title);
    if (first !== undefined) {
      const place = `${first.file}:${first.line}`;
      return refuse(`${title} was written at ${place} already; a section may stand once in all files together`);
    }
    this.#seen.set(title, origin);
    if (name === undefined) return;
    // Rules are named as networks are
    parseNetworkName(name).mapErr(({ what }) => refuse(what.replace('a network name', `the name of a ${kind}`)));
  }

  #addNetwork(section: Section): void {
    const name = section.name as NetworkName;
    if (section.name !== undefined) this.#names.add(name);
    const network = parseNetwork(section, name, this.errors);
    if (network !== undefined) this.#networks.set(name, network);
  }

  #addRule(section: Section): void {
    const rule = parseRule(section, section.name as string, this.accounts, this.errors);
    if (rule !== undefined) this.#rules.push(rule);
    for (const { key, list, value, origin } of section.entries) {
      if (key === 'network' && list) this.#mentions.push({ network: value, origin });
    }
  }

  /** Every rule's networks must be there; to be called when all files were read. */
  checkNetworks(): void {
    for (const { network, origin } of this.#mentions) {
      if (this.#names.has(network) || parseNetworkName(network).isErr()) continue;
      const near = suggestion(network, this.#names) || `; add a section [network ${network}], or leave the line out`;
      this.errors.add(origin, `network[] = ${network}: there is no such network${near}`);
    }
  }
}
