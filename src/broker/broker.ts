/** What every request is served from: the policy in force, the ledger, the kernel and the audit log. */

import { Result } from 'neverthrow';
import { compilePolicy, type Policy } from '../acl/policy.js';
import { formatConfigError } from '../config/errors.js';
import type { BrokerSettings, Config, ConfigError } from '../core/config.js';
import type { Credentials } from '../core/credentials.js';
import { plural } from '../core/plural.js';
import { isSwitchedNetwork } from '../core/switched.js';
import type { Kernel } from '../kernel/kernel.js';
import { SpareTaps } from '../networks/spare-taps.js';
import type { AuditLog } from './audit.js';
import { complain } from './complain.js';
import { Holders } from './holders.js';
import type { Keeper } from './keeper.js';
import { Ledger } from './ledger.js';
import { Suspensions } from './suspensions.js';
import type { SwitchLink } from './switch-link.js';
import { Switchboard } from './switchboard.js';
import { tellLost } from './tell-lost.js';

export type Counter =
  | 'requests'
  | 'granted'
  | 'denied'
  | 'refused'
  | 'failed'
  | 'invalid'
  | 'busy'
  | 'silent'
  | 'evicted'
  | 'surplusFds'
  | 'withdrawn'
  | 'ended'
  | 'tampered'
  | 'restored'
  | 'overruns'
  | 'bugs';

export interface Setup {
  readonly kernel: Kernel;
  readonly audit: AuditLog;
  /** The way to the switch. */
  readonly switchLink: SwitchLink;
  readonly keeper: Keeper;
  readonly config: Config;
  /** Reads the configuration again, as it was read at the start. */
  readonly load: () => Result<Config, readonly ConfigError[]>;
  readonly version: string;
  readonly mode: 'system' | 'user';
}

const usedAtStart = { socketGroup: 'socket-group', socketMode: 'socket-mode', auditFile: 'audit-file' } as const;

export class Broker {
  readonly kernel: Kernel;
  readonly audit: AuditLog;
  readonly version: string;
  readonly mode: 'system' | 'user';
  readonly ledger = new Ledger();
  readonly suspensions = new Suspensions();
  readonly holders = new Holders();
  readonly switchboard: Switchboard;
  readonly spares: SpareTaps;
  readonly counters = new Map<Counter, number>();
  /** Seconds since 1970. */
  readonly started = Math.floor(Date.now() / 1000);
  loaded = this.started;
  /** What was wrong with the last configuration that was refused; undefined when the newest is in force. */
  refused: readonly ConfigError[] | undefined;
  /** What was wrong with key files at the last reload, a line each. */
  unusableKeys: readonly string[] = [];
  /** The longest turn spent on one request, in milliseconds. */
  longestTurn = 0;
  connections = 0;
  #config: Config;
  #policy: Policy;
  readonly #load: Setup['load'];
  readonly #atStart: BrokerSettings;

  constructor(setup: Setup) {
    this.kernel = setup.kernel;
    this.switchboard = new Switchboard(setup.kernel, setup.switchLink, setup.keeper, {
      accountOf: (uid) => this.accountOf(uid),
      networkOf: (name) => {
        const network = this.#config.networks.get(name);
        return network !== undefined && isSwitchedNetwork(network) ? network : undefined;
      },
      ...tellLost(setup.audit),
    });
    this.spares = new SpareTaps(setup.kernel, setup.config.broker.spareTaps);
    this.audit = setup.audit;
    this.version = setup.version;
    this.mode = setup.mode;
    this.#load = setup.load;
    this.#config = setup.config;
    this.#atStart = setup.config.broker;
    this.#policy = compilePolicy(setup.config);
    this.#countByAccount();
  }

  get config(): Config {
    return this.#config;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** The uid by which a user's ports, connections and suspensions count: its own, or that of whose subordinate it is. */
  accountOf(uid: number): number {
    return this.#policy.subordinates.accountOf(uid);
  }

  #countByAccount(): void {
    // Of this policy and no later one: what was counted by it is taken off by it
    const { subordinates } = this.#policy;
    this.ledger.countBy((uid) => subordinates.accountOf(uid));
    this.audit.accountOf = (uid) => subordinates.accountOf(uid);
  }

  count(counter: Counter, by = 1): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + by);
  }

  /** Root, whoever runs the broker, and the admin group. */
  isAdmin(caller: Credentials): boolean {
    const { adminGroup } = this.#config.broker;
    if (caller.uid === 0 || caller.uid === process.geteuid?.()) return true;
    return adminGroup !== undefined && (caller.gid === adminGroup || caller.groups.includes(adminGroup));
  }

  /** The settings, by their names in the file, that the start has used and that are different by now. */
  get atNextStart(): readonly string[] {
    const { broker: now } = this.#config;
    return Object.entries(usedAtStart).flatMap(([key, name]) => {
      const setting = key as keyof typeof usedAtStart;
      return now[setting] === this.#atStart[setting] ? [] : [name];
    });
  }

  /** Opens the audit file anew, after it was rotated; the error is a sentence, and what is open stays in use then. */
  reopenAudit(): Result<void, string> {
    return Result.fromThrowable(
      () => this.audit.reopen(),
      (error) => `the audit file cannot be opened anew, and the one before stays in use: ${(error as Error).message}`,
    )();
  }

  /** All of the new configuration, or none: what is in force stays when a file is refused. Grants in force stay. */
  reload(): Result<Config, readonly ConfigError[]> {
    return this.#load()
      .map((config) => {
        this.#policy = compilePolicy(config);
        this.#countByAccount();
        this.#config = config;
        this.spares.keep(config.broker.spareTaps);
        this.unusableKeys = this.switchboard.own.reload(config.networks.values());
        for (const line of this.unusableKeys) complain(line);
        this.switchboard.keep(config.networks.values());
        this.loaded = Math.floor(Date.now() / 1000);
        this.refused = undefined;
        const later = this.atNextStart.map((name) => `; ${name} counts at the next start`).join('');
        const keys = this.unusableKeys.map((line) => `; ${line}`).join('');
        const reason = `${plural(config.rules.length, 'rule')} from ${config.files.join(' ')}${later}${keys}`;
        this.audit.write({ event: 'reload', reason });
        return config;
      })
      .mapErr((errors) => {
        this.refused = errors;
        const reason = `refused, the policy before stays in force: ${errors.map(formatConfigError).join('; ')}`;
        this.audit.write({ event: 'reload', reason });
        return errors;
      });
  }
}
