/** Runs one compiled test file as the plain program that it is, and whatever it started ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Parser } from 'tap-parser';
import { gather, newOutcome, type Outcome } from './outcome.js';

export interface FileRun {
  readonly file: string;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** What it and its children wrote to standard error. */
  readonly stderr: string;
}

/** Seconds a file may take: one that boots guests within a guest, without KVM, needs minutes, and more where others work too. */
const patience = 1500;
/** Milliseconds in which what a test started must have ended after it. */
const grace = 2000;

const running = new Set<ChildProcess>();

/** Each file leads a process group of its own. @returns whether there was anybody in it. */
function signalGroup({ pid }: ChildProcess, signal: 'SIGKILL' | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}

const lives = (child: ChildProcess) => signalGroup(child, 0);
const killGroup = (child: ChildProcess) => signalGroup(child, 'SIGKILL');

export function killAll(): void {
  for (const child of running) killGroup(child);
}

export async function runFile(file: string): Promise<FileRun> {
  const outcome = newOutcome();
  const parser = new Parser();
  gather(parser, outcome, [file]);
  const fail = (diagnostic: string) => outcome.failures.push({ path: [file], diagnostic });

  const began = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, TAP_TIMEOUT: String(patience - 10) },
  });
  running.add(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const parsed = new Promise((resolve) => parser.on('complete', resolve));
  child.stdout.pipe(parser);
  const timer = setTimeout(() => {
    fail(`it was killed after ${patience} seconds`);
    killGroup(child);
  }, patience * 1000);
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (...how) => resolve(how));
  });
  clearTimeout(timer);
  for (const until = performance.now() + grace; lives(child) && performance.now() < until; ) await delay(20);
  if (killGroup(child)) fail('it left a process behind');
  const late = delay(grace, 'late', { ref: false });
  if ((await Promise.race([parsed, late])) === 'late') fail('something that it started keeps its output open');
  running.delete(child);

  if (status !== 0 && outcome.failures.length === 0) {
    fail(signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`);
  }
  return { file, outcome, milliseconds: performance.now() - began, stderr };
}
