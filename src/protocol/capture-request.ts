/** Asking for frames of a network as they pass the switch, up to some bounds (docs/protocol.md, `capture`). */
import { err, ok, type Result } from 'neverthrow';
import { type GrantId, type NetworkName, parseGrantId, parseNetworkName } from '../core/names.js';
import { type Fields, type ProtocolError, protocolError } from './message.js';

/** A capture ends when one of them is reached. */
export interface CaptureBounds {
  readonly frames: number;
  /** Of the file that it would make. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface CaptureRequest {
  readonly verb: 'capture';
  readonly network: NetworkName;
  /** The port of this grant alone, both what it sends and what it gets; left out: what comes in at any port. */
  readonly port?: GrantId;
  /** Left out: usualBounds. */
  readonly bounds: Partial<CaptureBounds>;
}

export const usualBounds: CaptureBounds = { frames: 100_000, bytes: 100_000_000, seconds: 60 };
export const mostBounds: CaptureBounds = { frames: 1e9, bytes: 1e12, seconds: 86_400 };

const boundNames = ['frames', 'bytes', 'seconds'] as const;
export const captureKeys: readonly string[] = ['network', 'port', ...boundNames];

export function decodeCapture(fields: Fields): Result<CaptureRequest, ProtocolError> {
  const refuse = (error: { what: string }) => protocolError(error.what);
  const bounds = decodeBounds(fields);
  if (bounds.isErr()) return err(bounds.error);
  const network = parseNetworkName(fields.get('network') ?? '');
  if (network.isErr()) return err(refuse(network.error));
  const request = { verb: 'capture', network: network.value, bounds: bounds.value } as const;
  const port = fields.get('port');
  if (port === undefined) return ok(request);
  return parseGrantId(port)
    .map((grant) => ({ ...request, port: grant }))
    .mapErr(refuse);
}

/** Those that are there. */
function decodeBounds(fields: Fields): Result<Partial<CaptureBounds>, ProtocolError> {
  const bounds: Partial<Record<keyof CaptureBounds, number>> = {};
  for (const name of boundNames) {
    const text = fields.get(name);
    if (text === undefined) continue;
    if (!/^[1-9]\d{0,12}$/.test(text) || Number(text) > mostBounds[name]) {
      return err(protocolError(`the key "${name}" must be a number from 1 to ${mostBounds[name]}`));
    }
    bounds[name] = Number(text);
  }
  return ok(bounds);
}

/** Without the verb. */
export function captureFields({ network, port, bounds }: CaptureRequest): [string, string][] {
  return [
    ['network', network],
    ...(port === undefined ? [] : [['port', port] as [string, string]]),
    ...Object.entries(bounds).map(([key, value]): [string, string] => [key, String(value)]),
  ];
}
