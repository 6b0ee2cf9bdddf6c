/** Words for a run of tests: a line for each file, then failures, skips and the closing line that scripts look for. */
import type { Failure, Outcome } from './outcome.js';
import { skipCount } from './outcome.js';

/** The source of a compiled test, as a developer names it. */
export function sourceOf(compiled: string): string {
  return compiled.replace(/^build\/(.*)\.js$/, '$1.ts');
}

/** File, subtests and assertion in one line. */
export function describePath(path: readonly string[]): string {
  return path.map(sourceOf).join(' > ');
}

/** The reasons, the commonest first, with what each of them left out. */
export function describeSkips(outcome: Outcome): string {
  if (outcome.skips.size === 0) return '';
  const lines = [`Skipped: ${skipCount(outcome)}, because`];
  for (const [reason, paths] of [...outcome.skips].sort(([, a], [, b]) => b.length - a.length)) {
    lines.push(`  ${reason}  (${paths.length})`, ...paths.map((path) => `      ${describePath(path)}`));
  }
  return `${lines.join('\n')}\n`;
}

export function describeFailure(failure: Failure): string {
  const lines = [`FAILED ${describePath(failure.path)}`];
  const { diagnostic } = failure;
  if (typeof diagnostic === 'string') lines.push(diagnostic);
  else for (const [key, value] of Object.entries(diagnostic ?? {})) lines.push(...describeField(key, value));
  return `${lines.join('\n    ')}\n`;
}

/** What tap says besides what a reader needs. */
const noise = new Set(['compare', 'stdio', 'cwd', 'externalID', 'command', 'args', 'jobId', 'tapCaught']);

function describeField(key: string, value: unknown): string[] {
  if (noise.has(key) || value === null) return [];
  if (key === 'at') {
    const { fileName, lineNumber } = value as { fileName?: string; lineNumber?: number };
    return [`at ${fileName}:${lineNumber}`];
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const [first = '', ...rest] = text.trimEnd().split('\n');
  return rest.length === 0 ? [`${key}: ${first}`] : [`${key}:`, ...[first, ...rest].map((line) => `  ${line}`)];
}

/** Stands alone on the last line of the run. */
export function closingLine(outcome: Outcome): string {
  return `${outcome.passed} passed, ${outcome.failures.length} failed, ${skipCount(outcome)} skipped`;
}
