/** Whether the configuration is there and in order. */
import type { Result } from 'neverthrow';
import { formatConfigError } from '../../config/errors.js';
import { warnOfLowPorts, warnOfSharedPorts } from '../../config/port-warnings.js';
import type { Config, ConfigError } from '../../core/config.js';
import { plural } from '../../core/plural.js';
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import type { Host } from './host.js';

const check = 'configuration';

export interface ReadConfig {
  readonly file: string;
  readonly config: Result<Config, readonly ConfigError[]>;
  /** What of it the broker will refuse when a guest comes. */
  readonly refusals?: readonly ConfigError[];
  /** Whether it is the caller's to mend; what others may not read is no fault of it. */
  readonly own: boolean;
}

export function examineConfiguration(host: Host, { file, config, refusals = [], own }: ReadConfig): Finding[] {
  return config.match(
    (good) => [
      fine(check, `${file}: ${plural(good.networks.size, 'network')}, ${plural(good.rules.length, 'rule')}`),
      ...refusals.map((refusal) => problem(check, formatConfigError(refusal), null)),
      ...[...warnOfSharedPorts(good), ...warnOfLowPorts(good, firstPort(host))].map((warning) =>
        hint(check, formatConfigError(warning), null),
      ),
    ],
    (errors) => {
      if (!own) return [];
      if (host.stat(file) === undefined)
        return [problem(check, `there is no ${file}`, 'write it, as fdbroker.ini(5) shows')];
      const [first, ...others] = errors;
      const more = others.length === 0 ? '' : `, and ${plural(others.length, 'error')} more`;
      const what = first === undefined ? `${file} is refused` : formatConfigError(first);
      return [problem(check, `${what}${more}`, `fdbroker check ${shellWord(file)}`)];
    },
  );
}

/** The lowest that everybody may bind. */
function firstPort(host: Host): number {
  return Number(host.read('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024);
}
