/** What a run of tests came to, gathered from TAP: each assertion counts once, and so does a file or subtest skipped whole. */
import type { FinalResults, Parser, Result } from 'tap-parser';

export interface Failure {
  /** File, subtests and assertion, outermost first. */
  readonly path: readonly string[];
  /** What TAP's diagnostic block held. */
  readonly diagnostic: unknown;
}

export interface Outcome {
  passed: number;
  readonly failures: Failure[];
  /** The paths of skipped tests, by reason. */
  readonly skips: Map<string, (readonly string[])[]>;
}

export function newOutcome(): Outcome {
  return { passed: 0, failures: [], skips: new Map() };
}

export function skipCount(outcome: Outcome): number {
  return [...outcome.skips.values()].reduce((sum, paths) => sum + paths.length, 0);
}

function addSkip(outcome: Outcome, path: readonly string[], reason: string | boolean): void {
  const text = typeof reason === 'string' && reason !== '' ? reason : 'no reason given';
  outcome.skips.set(text, [...(outcome.skips.get(text) ?? []), path]);
}

/** Adds one outcome to another. */
export function merge(into: Outcome, from: Outcome): void {
  into.passed += from.passed;
  into.failures.push(...from.failures);
  for (const [reason, paths] of from.skips) for (const path of paths) addSkip(into, path, reason);
}

/**
 * Follows a parser before it is fed; `outcome` is complete when the parser is.
 *
 * @param path of the file or subtest that the parser reads.
 */
export function gather(parser: Parser, outcome: Outcome, path: readonly string[]): void {
  let failuresBefore = 0;
  parser.on('child', (child: Parser) => {
    failuresBefore = outcome.failures.length;
    gather(child, outcome, [...path, child.name]);
  });
  parser.on('assert', (result: Result) => {
    const here = [...path, result.name];
    if (result.skip || result.todo) addSkip(outcome, here, result.skip || result.todo);
    else if (!result.closingTestPoint) {
      if (result.ok) outcome.passed++;
      else outcome.failures.push({ path: here, diagnostic: result.diag });
    } else if (!result.ok && outcome.failures.length === failuresBefore) {
      // Every assertion passed and the whole failed: a timeout, a plan not kept.
      outcome.failures.push({ path: here, diagnostic: result.diag });
    }
  });
  if (parser.parent !== null) return;
  parser.on('bailout', (reason: string) => outcome.failures.push({ path: [...path, 'Bail out!'], diagnostic: reason }));
  parser.on('complete', ({ ok, plan }: FinalResults) => {
    // The parser's own words for a file that says nothing at all
    const silent = plan.skipAll && plan.skipReason === 'no tests found';
    if (plan.skipAll && !silent) addSkip(outcome, path, plan.skipReason);
    else if ((silent || !ok) && outcome.failures.length === 0) {
      outcome.failures.push({ path, diagnostic: 'it ended before its last test, or did not keep its plan' });
    }
  });
}
