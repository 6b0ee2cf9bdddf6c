/** fdbroker-helper on a stage: as built and with sanitizers, run as QEMU runs it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { inProject } from './project.js';
import { temporaryFolder } from './temporary.js';

/** Exit statuses, as fdbroker-helper(8) documents them. */
export const exit = { done: 0, refused: 1, usage: 2, unreachable: 3, timedOut: 4, broken: 5 } as const;

/** What QEMU passes; fake-qemu.c puts the number in. */
export const qemuArguments = ['--use-vnet', '--fd=%FD%', '--br=br0'] as const;

/** What came of a run: see test/helper/fake-qemu.c. */
export interface Outcome {
  readonly bytes: number;
  readonly descriptors: number;
  readonly dev: number;
  readonly ino: number;
  /** errno of QEMU's own reading. */
  readonly error: number;
  readonly status: number;
  readonly signal: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Letters of fake-qemu.c. */
  readonly scene?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the helper, before its path: `sh -c …`, `unshare …`. */
  readonly through?: readonly string[];
  readonly uid?: number;
  /** Called with the fake QEMU once it runs. */
  readonly meanwhile?: (qemu: ChildProcess) => void;
}

export interface Stage {
  /** Path of the helper. */
  readonly helper: string;
  /** Other users may pass through it. */
  readonly folder: string;
  run(options: RunOptions, ...helperArguments: readonly string[]): Promise<Outcome>;
  /** Runs a program of any kind in the helper's place. */
  runProgram(options: RunOptions, ...program: readonly string[]): Promise<Outcome>;
}

const warnings = ['-std=c11', '-Wall', '-Wextra', '-Wconversion', '-Werror', '-D_GNU_SOURCE', '-DFDBROKER_VERSION="0"'];
const sanitizing = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
// A report must not look like one of the helper's own statuses.
const sanitizerSettings = { ASAN_OPTIONS: 'exitcode=97', UBSAN_OPTIONS: 'exitcode=97' };

/** @param sources paths from the top of the checkout. */
export function compile(program: string, sources: readonly string[], flags: readonly string[] = []): string {
  execFileSync('cc', [...warnings, ...flags, '-o', program, ...sources.map(inProject)], { stdio: 'inherit' });
  return program;
}

/** Flags for the sanitizers; none where cc cannot link them. */
export function sanitizers(folder: string): readonly string[] {
  try {
    execFileSync('cc', [...sanitizing, '-x', 'c', '-', '-o', `${folder}/probe`], {
      input: 'int main(void) { return 0; }',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    return sanitizing;
  } catch {
    return [];
  }
}

/** Runs the body with each build of the helper, as subtests of these names. */
export function onEachBuild(t: Test, body: (t: Test, stage: Stage) => Promise<void>): void {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o711);
  const qemu = compile(`${folder}/fake-qemu`, ['test/helper/fake-qemu.c']);
  copyFileSync(inProject('build/fdbroker-helper'), `${folder}/helper`);
  t.test('as built', (t) => body(t, stageOf(folder, qemu, `${folder}/helper`)));

  const flags = sanitizers(folder);
  const skip = flags.length > 0 ? false : 'cc cannot link -fsanitize=address,undefined: install libgcc-12-dev';
  t.test('with sanitizers', { skip }, (t) => {
    const sources = readdirSync(inProject('helper')).filter((name) => name.endsWith('.c'));
    const helper = `${folder}/sanitized`;
    compile(
      helper,
      sources.map((name) => `helper/${name}`),
      flags,
    );
    return body(t, stageOf(folder, qemu, helper));
  });
}

function stageOf(folder: string, qemu: string, helper: string): Stage {
  const runProgram = async (options: RunOptions, ...program: readonly string[]): Promise<Outcome> => {
    const { scene = '-', through = [], env, uid, meanwhile } = options;
    const child = spawn(qemu, [scene, ...through, ...program], {
      env: { PATH: process.env.PATH, ...sanitizerSettings, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    meanwhile?.(child);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const [report = ''] = /^\{"bytes".*\}$/m.exec(stdout) ?? [];
    if (report === '') throw new Error(`the fake QEMU failed: ${stderr}`);
    return { ...JSON.parse(report), stdout: stdout.replace(`${report}\n`, ''), stderr };
  };
  return { folder, helper, runProgram, run: (options, ...words) => runProgram(options, helper, ...words) };
}

/** The helper has ended with this status and one sentence, and QEMU has got nothing, but an end. */
export function assertRefusal(t: Test, outcome: Outcome, status: number, sentence: RegExp, name: string): void {
  const { bytes, descriptors, error, signal, stderr } = outcome;
  const got = { bytes, descriptors, error, signal, status: outcome.status };
  t.same(got, { bytes: 0, descriptors: 0, error: 0, signal: 0, status }, `${name}: QEMU`);
  t.match(stderr, /^fdbroker-helper: [^\p{Cc}]+\n$/u, `${name}: one line`);
  t.match(stderr, sentence, `${name}: what it says`);
}
