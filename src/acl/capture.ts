/** Whether a caller may capture the frames of a network: a rule with `capture = yes` lets those see them whom it allows the network. */
import { err, ok, type Result } from 'neverthrow';
import type { Credentials } from '../core/credentials.js';
import type { NetworkName } from '../core/names.js';
import { type Denial, decide } from './decide.js';
import { ruleReference } from './denial.js';
import { matchRules, permittedForms, rulesByName } from './match.js';
import type { Policy } from './policy.js';

/** The rule that allows it. */
export type CaptureRule = NonNullable<Denial['rule']>;

/** Who has no access to the network learns nothing of it; who has, what is missing. */
export interface CaptureDenial {
  readonly kind: 'access' | 'capture';
  /** For the audit log. */
  readonly reason: string;
  /** For the client. */
  readonly message: string;
}

const nothingInUse = { portsOf: () => 0, macInUse: () => false };

export function decideCapture(
  policy: Policy,
  caller: Credentials,
  name: NetworkName,
): Result<CaptureRule, CaptureDenial> {
  const network = policy.networks.get(name);
  const matches = network === undefined ? [] : matchRules(network, caller);
  const permitted = permittedForms(matches);
  if (permitted === 0) {
    // Whatever form is asked for, this is the answer
    const denied = decide(policy, caller, { network: name, form: 'tap' }, nothingInUse);
    const { reason, message } = denied._unsafeUnwrapErr();
    return err({ kind: 'access', reason, message });
  }
  for (const rule of rulesByName(matches, 'allows')) {
    if ((rule.forms & permitted) !== 0 && rule.rule.capture === true) return ok(ruleReference(rule));
  }
  return err({
    kind: 'capture',
    reason: `no rule for network "${name}" that matches has capture = yes`,
    message: `no rule lets you capture the frames of network "${name}"; an administrator allows it with capture = yes in a rule`,
  });
}
