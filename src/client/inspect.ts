/** The verbs whose answer is a pipe that the switch writes into: what it has, and frames of a network. */
import { err, ok, type Result } from 'neverthrow';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { Fields } from '../protocol/message.js';
import { decodeReply } from '../protocol/reply.js';
import { encodeRequest, type Request } from '../protocol/request.js';
import type {
  LostPortListing,
  SwitchAddressListing,
  SwitchFacts,
  SwitchNetworkListing,
  SwitchPeerListing,
  SwitchPortListing,
} from '../protocol/switch-report.js';
import { type CallOptions, defaultTimeout } from './call.js';
import { refusePath } from './diagnose.js';
import type { ClientError } from './error.js';
import { exchangeFds } from './exchange-fds.js';
import {
  lostPortShape,
  misshapen,
  switchAddressShape,
  switchNetworkShape,
  switchPeerShape,
  switchPortShape,
  switchShape,
} from './shape.js';
import { fieldsOf } from './verbs.js';

/** The switch, as far as the caller may see it. */
export interface SwitchReport {
  readonly switch: SwitchFacts;
  readonly networks: readonly SwitchNetworkListing[];
  /** The caller's, and the uplinks of networks that the caller may use; for root and the admin group all. */
  readonly ports: readonly SwitchPortListing[];
  /** Of these uplinks. */
  readonly peers: readonly SwitchPeerListing[];
  /** Behind these ports. */
  readonly addresses: readonly SwitchAddressListing[];
  /** Of networks that the caller may use; for root and the admin group of all. */
  readonly lost: readonly LostPortListing[];
}

export interface ReportOptions extends CallOptions {
  /** Whether addresses are wanted; left out: yes. */
  readonly addresses?: boolean;
}

/** @returns undefined: no switch runs, since nobody has needed one. Never throws and never rejects. */
export async function readSwitch(
  socket: string,
  options: ReportOptions = {},
): Promise<Result<SwitchReport | undefined, ClientError>> {
  const seconds = options.timeout ?? defaultTimeout;
  const until = performance.now() + seconds * 1000;
  const asked = await askForPipe(socket, { verb: 'switch', addresses: options.addresses ?? true }, until, seconds);
  if (asked.isErr()) return err(asked.error);
  if (asked.value === undefined) return ok(undefined);
  const { pipe, fields } = asked.value;
  const text = await readAll(pipe, until);
  if (text === undefined) return err({ tag: 'timeout', socket, stage: 'reply', seconds });
  const report = readReport(text).andThen((all) =>
    readLost(fields.get('lost') ?? '[]').map((lost) => ({ ...all, lost })),
  );
  return report.mapErr((error) => (error.tag === 'garbage' ? { ...error, socket } : error));
}

export type CaptureWish = Extract<Request, { readonly verb: 'capture' }>;

/**
 * @returns where the switch writes pcapng (protocol/pcapng.ts reads it), or one line of JSON that says why it does not;
 * reading waits. It is the caller's, and closing it ends the capture.
 */
export async function openCapture(
  socket: string,
  wish: CaptureWish,
  options: CallOptions = {},
): Promise<Result<OwnedFd, ClientError>> {
  const seconds = options.timeout ?? defaultTimeout;
  const asked = await askForPipe(socket, wish, performance.now() + seconds * 1000, seconds);
  return asked.andThen((answer) =>
    answer === undefined
      ? err({ tag: 'garbage' as const, socket, what: 'its descriptor is missing' })
      : ok(answer.pipe),
  );
}

async function askForPipe(
  socket: string,
  request: Request,
  until: number,
  seconds: number,
): Promise<Result<{ pipe: OwnedFd; fields: Fields } | undefined, ClientError>> {
  const bad = refusePath(socket);
  if (bad !== undefined) return err(bad);
  const answer = await exchangeFds(socket, encodeRequest(request), [], until, seconds);
  return answer.andThen(({ bytes, fds }) => {
    const [pipe, ...surplus] = fds;
    for (const fd of surplus) fd.close();
    const fields = decodeReply(bytes)
      .mapErr(({ what }): ClientError => ({ tag: 'garbage', socket, what }))
      .andThen(fieldsOf);
    if (fields.isErr()) pipe?.close();
    return fields.map((told) => (pipe === undefined ? undefined : { pipe, fields: told }));
  });
}

/** Also what comes slowly. @returns undefined: it has not ended in time. */
async function readAll(pipe: OwnedFd, until: number): Promise<string | undefined> {
  const { Socket } = await import('node:net');
  const stream = new Socket({ fd: pipe.release(), readable: true, writable: false });
  const late = setTimeout(() => stream.destroy(new Error('late')), Math.max(0, until - performance.now()));
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts).toString();
  } catch {
    return undefined;
  } finally {
    clearTimeout(late);
  }
}

const shapes = {
  switch: switchShape,
  network: switchNetworkShape,
  port: switchPortShape,
  peer: switchPeerShape,
  address: switchAddressShape,
} as const;

/** @param text lines as protocol/switch-report.ts has them. The socket of an error is left empty. */
export function readReport(text: string): Result<Omit<SwitchReport, 'lost'>, ClientError> {
  const garbage = (what: string) => err({ tag: 'garbage' as const, socket: '', what });
  const found = {
    switch: [] as object[],
    network: [] as object[],
    port: [] as object[],
    peer: [] as object[],
    address: [] as object[],
  };
  for (const line of text.split('\n')) {
    const value = parseObject(line);
    if (value === undefined) return garbage('the report was cut off, or is none');
    const { tell, ...rest } = value;
    if (tell === 'refused') return err({ tag: 'refused', status: 'busy', message: String(value['message']) });
    if (tell === 'end') break;
    // Of a newer switch
    if (typeof tell !== 'string' || !Object.hasOwn(shapes, tell)) continue;
    const kind = tell as keyof typeof shapes;
    const field = misshapen<object>(rest, shapes[kind]);
    if (field !== undefined) return garbage(`"${field}" is missing or of the wrong kind`);
    found[kind].push(rest);
  }
  const [facts] = found.switch as SwitchFacts[];
  if (facts === undefined) return garbage('the report does not begin with the switch');
  return ok({
    switch: facts,
    networks: found.network as SwitchNetworkListing[],
    ports: found.port as SwitchPortListing[],
    peers: found.peer as SwitchPeerListing[],
    addresses: found.address as SwitchAddressListing[],
  });
}

/** @param text JSON. The socket of an error is left empty. */
function readLost(text: string): Result<LostPortListing[], ClientError> {
  const garbage = err({ tag: 'garbage' as const, socket: '', what: '"lost" is no list of ports' });
  try {
    const rows: unknown = JSON.parse(text);
    if (!Array.isArray(rows)) return garbage;
    const good = rows.every(
      (row) => typeof row === 'object' && row !== null && misshapen(row, lostPortShape) === undefined,
    );
    return good ? ok(rows) : garbage;
  } catch {
    return garbage;
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
