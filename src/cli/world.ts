/** What a command gets from the process around it; src/bin/fdbroker.ts makes the real one. */
import type { Accounts } from '../core/config.js';
import { escapeText } from './escape.js';

/** A program that this process is to become. */
export interface Program {
  readonly file: string;
  /** With its own name first. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Descriptors that it inherits besides those that this process has from its own start. */
  readonly fds: readonly number[];
}

/** A terminal that shows one picture after another, instead of lines. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** From now on keys are not echoed, and each is told at once. @returns ends that. */
  keys(pressed: (key: string) => void): () => void;
}

export interface World {
  /** Writes to standard output. */
  out(text: string): unknown;
  /** Writes to standard error. */
  err(text: string): unknown;
  /** Whether standard output shows colours. */
  readonly colour: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Effective. */
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Seconds since 1970. */
  now(): number;
  /** The host's users and groups; asked for only by commands that show or take names. */
  accounts(): Promise<Accounts>;
  /** Where standard input and output both are one; undefined: they are not. */
  readonly terminal: Terminal | undefined;
  /** Aborted when somebody wants an end, by Ctrl-C or a signal, from the first call on; once, and the next one ends the process. */
  interrupted(): AbortSignal;
  /** execve(2). @returns why not; when it succeeds this process runs something else. */
  become(program: Program): Promise<string>;
}

/** A complaint or a remark on standard error, in the form of all programs: `fdbroker: …`. */
export function complain(world: World, sentence: string): void {
  world.err(`fdbroker: ${escapeText(sentence)}\n`);
}
