/** The configuration of a test's broker: networks, on br0 unless they are of another type, and one rule for anyone. */

/** `key = value` lines of one section. */
type Settings = Readonly<Record<string, string | number>>;

export interface BrokerConfig {
  readonly broker?: Settings;
  /** Left out: one, lan. */
  readonly networks?: Readonly<Record<string, Settings>>;
  /** Of the rule that allows anyone all of the networks. */
  readonly rule?: Settings;
}

/** The text, of as few lines as can be: [broker] where it has settings, the networks in order, the rule. */
export function brokerConfig({ broker, networks = { lan: {} }, rule = {} }: BrokerConfig = {}): string {
  const names = Object.keys(networks);
  return [
    ...(broker === undefined ? [] : ['[broker]', ...linesOf(broker)]),
    ...names.flatMap((name) => [`[network ${name}]`, ...linesOf(typed(networks[name] ?? {}))]),
    '[rule all]',
    'effect = allow',
    'user[] = *',
    ...names.map((name) => `network[] = ${name}`),
    ...linesOf(rule),
    '',
  ].join('\n');
}

function typed(settings: Settings): Settings {
  return 'type' in settings ? settings : { type: 'bridge', bridge: 'br0', ...settings };
}

function linesOf(settings: Settings): string[] {
  return Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
}
