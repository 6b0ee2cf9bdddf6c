/** A broker on a fake kernel, and what it said. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from 'neverthrow';
import { AuditLog } from '../../src/broker/audit.js';
import { Broker } from '../../src/broker/broker.js';
import { Keeper } from '../../src/broker/keeper.js';
import { SwitchLink } from '../../src/broker/switch-link.js';
import type { Config, ConfigError } from '../../src/core/config.js';
import type { Kernel } from '../../src/kernel/kernel.js';

/** @param folder where the audit log goes. */
export function brokerOn(
  kernel: Kernel,
  config: Config,
  folder: string,
  load: () => Result<Config, readonly ConfigError[]> = () => ok(config),
): { broker: Broker; audited: () => Record<string, unknown>[] } {
  const file = join(folder, 'audit.log');
  const audit = new AuditLog(file);
  const broker = new Broker({
    kernel,
    audit,
    config,
    load,
    version: '0.0.0',
    mode: 'system',
    switchLink: new SwitchLink(join(folder, 'switch')),
    keeper: new Keeper(join(folder, 'keeper')),
  });
  const audited = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { broker, audited };
}
