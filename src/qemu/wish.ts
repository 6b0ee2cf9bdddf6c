/** What `-netdev fdbroker,…` asks for, in both syntaxes of QEMU. */
import { err, ok, type Result } from 'neverthrow';
import { type Form, isForm } from '../core/form.js';
import { splitPieces } from './comma.js';

export type Syntax = 'comma' | 'json';

export interface Wish {
  readonly network: string;
  readonly form?: Form;
  readonly queues?: number;
  readonly vhost?: 'no' | 'yes' | 'auto';
  /** An address, or `any`: the broker chooses, and the guest will use it. */
  readonly mac?: string;
}

/** The wish of who has the guest use the address of the grant, unless it names one. */
export function withPromise(wish: Wish): Wish {
  return { mac: 'any', ...wish };
}

/** One option of the command line, as it was written. */
export interface Written {
  readonly syntax: Syntax;
  readonly fields: ReadonlyMap<string, string>;
}

/** The keys of a wish; where fields have others is for the caller to judge. */
export const wishKeys: readonly string[] = ['network', 'form', 'queues', 'vhost', 'mac'];

/**
 * The fields of an option whose type is fdbroker.
 *
 * @returns undefined when it is of another type. The error begins in lower case, for the caller to say where.
 */
export function readWritten(text: string): Result<Written | undefined, string> {
  return text.trimStart().startsWith('{') ? readJson(text) : readComma(text);
}

function readComma(text: string): Result<Written | undefined, string> {
  const [first, ...rest] = splitPieces(text);
  if (first === undefined || first.value !== 'fdbroker' || (first.key ?? 'type') !== 'type') return ok(undefined);
  const fields = new Map<string, string>();
  for (const { key, value, text: piece } of rest) {
    if (key === undefined) return err(`"${piece}" has no value; write ${piece}=…`);
    if (fields.has(key)) return err(`"${key}" stands twice`);
    fields.set(key, value);
  }
  return ok({ syntax: 'comma', fields });
}

function readJson(text: string): Result<Written | undefined, string> {
  const members = parseObject(text);
  if (members === undefined) return text.includes('fdbroker') ? err('it is no JSON object') : ok(undefined);
  const { type, ...rest } = members;
  if (type !== 'fdbroker') return ok(undefined);
  const fields = new Map<string, string>();
  for (const [key, value] of Object.entries(rest)) {
    if (typeof value === 'object') return err(`"${key}" must be a text, a number, true or false`);
    fields.set(key, String(value));
  }
  return ok({ syntax: 'json', fields });
}

/** undefined: it is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const switches: Readonly<Record<string, 'no' | 'yes' | 'auto'>> = {
  ...{ on: 'yes', yes: 'yes', true: 'yes', off: 'no', no: 'no', false: 'no', auto: 'auto' },
};

/** @param fields of which those of {@link wishKeys} are read. */
export function readWish(fields: ReadonlyMap<string, string>): Result<Wish, string> {
  const network = fields.get('network');
  const form = fields.get('form');
  const queues = fields.get('queues');
  const vhost = fields.get('vhost');
  const mac = fields.get('mac');
  if (network === undefined || network === '') return err('"network" is missing; "fdbroker networks" shows them');
  if (form !== undefined && !isForm(form))
    return err(`"form" cannot be ${form}; choose one of tap, dgram, stream and socket`);
  if (queues !== undefined && !/^[1-9]\d{0,2}$/.test(queues)) return err('"queues" takes a number from 1');
  const wished = vhost === undefined ? undefined : Object.hasOwn(switches, vhost) ? switches[vhost] : undefined;
  if (vhost !== undefined && wished === undefined) return err('"vhost" takes on, off or auto');
  return ok({
    network,
    ...(form === undefined ? {} : { form }),
    ...(queues === undefined ? {} : { queues: Number(queues) }),
    ...(wished === undefined ? {} : { vhost: wished }),
    ...(mac === undefined ? {} : { mac }),
  });
}
