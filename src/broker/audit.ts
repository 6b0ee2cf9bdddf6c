/**
 * The audit log: one JSON line per decision and per ended grant; of a user's refusals so many, and then how many more
 * there were. A line is one write; what a client sent reaches it only as JSON strings of bounded length, so no client can
 * tear or forge one.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Credentials } from '../core/credentials.js';
import type { Grant } from '../core/grant.js';
import { AuditBudget } from './audit-budget.js';
import type { Entry } from './ledger.js';

export interface AuditRecord {
  readonly event:
    | 'granted'
    | 'captured'
    | 'denied'
    | 'refused'
    | 'failed'
    | 'invalid'
    | 'ended'
    | 'tampered'
    | 'restored'
    | 'omitted'
    | 'reload'
    | 'port-lost'
    | 'port-back';
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
  readonly holder?: number;
  readonly network?: string;
  readonly form?: string;
  readonly mac?: string;
  /** `file:line [rule name]` of the rule that decided. */
  readonly rule?: string;
  readonly grant?: string;
  readonly ifname?: string;
  readonly ifindex?: number;
  readonly reason?: string;
  /** Lines that were left out. */
  readonly lines?: number;
}

const longest = 512;
/** Whoever asks can cause them without end; of what becomes of grants there is always a line. */
const bounded: ReadonlySet<AuditRecord['event']> = new Set(['denied', 'refused', 'failed', 'invalid']);

export class AuditLog {
  #fd: number;
  readonly #file: string | undefined;
  #torn = false;
  /** Lines that could not be written since the start. */
  lost = 0;
  /** Lines of refusals that were left out since the start, because there were too many of their user. */
  omitted = 0;
  /** The uid by which a uid counts: a line names it where it is another. */
  accountOf = (uid: number): number => uid;
  #lostSince = 0;
  readonly #budget: AuditBudget;

  readonly #complain: (what: string) => void;

  /**
   * Throws what open(2) throws.
   *
   * @param file absolute path, made 0640 when it is missing; undefined: standard error.
   * @param complain is told of the first line of a row that could not be written to the file.
   */
  constructor(file: string | undefined, complain: (what: string) => void = () => {}) {
    this.#file = file;
    this.#complain = complain;
    this.#fd = file === undefined ? 2 : openAppend(file);
    this.#budget = new AuditBudget((uid, lines) => this.#write(omission(uid, lines)));
  }

  /** Opens the file anew, after it was rotated. What is open stays in use when that fails. Throws what open(2) throws. */
  reopen(): void {
    if (this.#file === undefined) return;
    const fd = openAppend(this.#file);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#torn = false;
  }

  write(record: AuditRecord): void {
    const { event, uid } = record;
    if (!bounded.has(event) || uid === undefined || this.#budget.take(this.accountOf(uid))) this.#write(record);
    else this.omitted++;
  }

  #write(record: AuditRecord): void {
    const line: Record<string, unknown> = { time: new Date().toISOString() };
    for (const key in record) {
      const value = record[key as keyof AuditRecord];
      line[key] = typeof value === 'string' && value.length > longest ? `${value.slice(0, longest)}…` : value;
    }
    const account = record.uid === undefined ? undefined : this.accountOf(record.uid);
    if (account !== record.uid) line['account'] = account;
    if (this.#lostSince > 0) line['lostBefore'] = this.#lostSince;
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${JSON.stringify(line)}\n`);
    let written = 0;
    let why = 'it takes no more';
    try {
      written = writeSync(this.#fd, bytes);
    } catch (error) {
      // EAGAIN of a full pipe, ENOSPC: counted, told in the next line and in `status`
      why = (error as NodeJS.ErrnoException).code ?? why;
    }
    if (written === bytes.length) {
      this.#torn = false;
      this.#lostSince = 0;
      return;
    }
    this.#torn = this.#torn || written > 0;
    this.lost++;
    this.#lostSince++;
    if (this.#lostSince === 1 && this.#file !== undefined) {
      this.#complain(
        `${this.#file}: ${why}; lines of the audit log are lost, and counted, until it can be written again`,
      );
    }
  }

  close(): void {
    this.#budget[Symbol.dispose]();
    if (this.#file !== undefined) closeSync(this.#fd);
  }
}

function omission(uid: number, lines: number): AuditRecord {
  const reason = 'more requests of this uid were refused than there are lines for; "fdbroker status" has the counts';
  return { event: 'omitted', uid, lines, reason };
}

function openAppend(file: string): number {
  const fd = openSync(
    file,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o640,
  );
  const status = fstatSync(fd);
  if (status.isFile() || status.isCharacterDevice()) return fd;
  closeSync(fd);
  throw new Error(`${file} is neither a regular file nor a character device`);
}

/** The part of a record that says who asked. */
export function auditCaller(caller: Credentials): Pick<AuditRecord, 'uid' | 'gid' | 'pid'> {
  return { uid: caller.uid, gid: caller.gid, pid: caller.pid };
}

/** The part of a record that says which grant. */
export function auditGrant(
  grant: Grant & Pick<Entry, 'ifname' | 'ifindex' | 'given'>,
): Omit<AuditRecord, 'event' | 'reason'> {
  const { id, uid, gid, holder, network, form, mac, ifname, ifindex, given = {} } = grant;
  const known = { ...given, grant: id, uid, gid, holder, network, form, mac };
  return ifname === null || ifindex === null ? known : { ...known, ifname, ifindex };
}
