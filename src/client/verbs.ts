/** The broker's verbs as functions: each asks, checks the answer's shape, and gives it as a value. */
import { err, ok, type Result } from 'neverthrow';
import type { GrantId } from '../core/names.js';
import type { NetworkListing, PortListing, ReloadListing, StatusListing, StatusSummary } from '../protocol/listing.js';
import type { Fields } from '../protocol/message.js';
import type { Reply } from '../protocol/reply.js';
import { type CallOptions, call, defaultTimeout, type Exchange, type PlainRequest } from './call.js';
import type { ClientError } from './error.js';
import { misshapen, networkShape, portShape, reloadShape, statusShape, summaryShape } from './shape.js';

/** More pages than this are taken for a broker gone wrong. */
const mostPages = 4096;

type Answer<T> = Promise<Result<T, ClientError>>;

/** The networks that the caller may use, by name. */
export function listNetworks(socket: string, options: CallOptions = {}, exchange?: Exchange): Answer<NetworkListing[]> {
  return listPages<NetworkListing>(socket, 'networks', networkShape, options, exchange);
}

/** The caller's ports; for root and the admin group, everybody's. By grant. */
export function listPorts(socket: string, options: CallOptions = {}): Answer<PortListing[]> {
  return listPages<PortListing>(socket, 'ports', portShape, options);
}

/** Root and the admin group get a StatusListing (it has `mode`), others a StatusSummary. */
export async function readStatus(socket: string, options: CallOptions = {}): Answer<StatusSummary | StatusListing> {
  const fields = await ask(socket, { verb: 'status' }, options);
  return fields
    .andThen((answer) => parseData(socket, answer))
    .andThen((data): Result<StatusSummary, ClientError> => {
      const full = typeof data === 'object' && data !== null && 'mode' in data;
      return shaped<StatusSummary>(socket, data, full ? statusShape : summaryShape);
    });
}

/** Whether everything of a status was told. */
export function isFullStatus(status: StatusSummary | StatusListing): status is StatusListing {
  return 'mode' in status;
}

/** Makes the broker read its configuration anew. Refused files are a `refused` error with status `failed` and a line for each mistake. */
export async function reloadConfig(socket: string, options: CallOptions = {}): Answer<ReloadListing> {
  const fields = await ask(socket, { verb: 'reload' }, options);
  return fields
    .andThen((answer) => parseData(socket, answer))
    .andThen((data) => shaped<ReloadListing>(socket, data, reloadShape));
}

/**
 * Ends a grant: its interface is gone when this resolves.
 *
 * @returns the broker's remark, where there is one: a socket stays with whoever has it.
 */
export async function releaseGrant(
  socket: string,
  grant: GrantId,
  options: CallOptions = {},
): Answer<string | undefined> {
  const fields = await ask(socket, { verb: 'release', grant }, options);
  return fields.andThen((answer) =>
    answer.get('grant') === grant
      ? ok(answer.get('note'))
      : err(garbage(socket, 'it is about another grant than was asked')),
  );
}

async function listPages<T>(
  socket: string,
  verb: 'networks' | 'ports',
  shape: Parameters<typeof misshapen<T>>[1],
  options: CallOptions,
  exchange?: Exchange,
): Answer<T[]> {
  const seconds = options.timeout ?? defaultTimeout;
  const until = performance.now() + seconds * 1000;
  const rows: T[] = [];
  let after: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const timeout = Math.max(0.001, (until - performance.now()) / 1000);
    const fields = await ask(socket, after === undefined ? { verb } : { verb, after }, { timeout }, exchange);
    if (fields.isErr()) return err(fields.error.tag === 'timeout' ? { ...fields.error, seconds } : fields.error);
    const data = parseData(socket, fields.value);
    if (data.isErr()) return err(data.error);
    if (!Array.isArray(data.value)) return err(garbage(socket, '"data" is no array'));
    for (const value of data.value) {
      const row = shaped<T>(socket, value, shape);
      if (row.isErr()) return err(row.error);
      rows.push(row.value);
    }
    const next = fields.value.get('next');
    if (next === undefined) return ok(rows);
    if (after !== undefined && next <= after) return err(garbage(socket, 'its pages do not advance'));
    after = next;
  }
  return err(garbage(socket, `it has over ${mostPages} pages`));
}

async function ask(socket: string, request: PlainRequest, options: CallOptions, exchange?: Exchange): Answer<Fields> {
  return (await call(socket, request, options, exchange)).andThen(fieldsOf);
}

/** What an answer says that says yes. */
export function fieldsOf(answer: Reply): Result<Fields, ClientError> {
  if (answer.status === 'ok') return ok(answer.fields);
  const { status, message, data } = answer;
  return err({ tag: 'refused' as const, status, message, ...(data === undefined ? {} : { lines: linesOf(data) }) });
}

/** What is no array of texts says nothing: the refusal is the answer. */
function linesOf(data: string): readonly string[] {
  try {
    const lines: unknown = JSON.parse(data);
    return Array.isArray(lines) ? lines.filter((line) => typeof line === 'string') : [];
  } catch {
    return [];
  }
}

function garbage(socket: string, what: string): ClientError {
  return { tag: 'garbage', socket, what };
}

function parseData(socket: string, fields: Fields): Result<unknown, ClientError> {
  const text = fields.get('data');
  if (text === undefined) return err(garbage(socket, '"data" is missing'));
  try {
    return ok(JSON.parse(text));
  } catch {
    return err(garbage(socket, '"data" is no JSON'));
  }
}

function shaped<T>(socket: string, value: unknown, shape: Parameters<typeof misshapen<T>>[1]): Result<T, ClientError> {
  if (typeof value !== 'object' || value === null) return err(garbage(socket, '"data" holds no object'));
  const field = misshapen(value, shape);
  return field === undefined ? ok(value as T) : err(garbage(socket, `"${field}" is missing or of the wrong kind`));
}
