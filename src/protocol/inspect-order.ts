/** Orders of the broker to the switch to show something to somebody, who has the other end of the pipe that comes along. */
import { err, ok, type Result } from 'neverthrow';
import type { CaptureBounds } from './capture-request.js';
import { type Fields, type ProtocolError, protocolError } from './message.js';

/** What there is, as lines of JSON (switch-report.ts). */
export interface ReportOrder {
  readonly order: 'report';
  /** The uid by which whoever asked counts. */
  readonly account: number;
  /** The ports to be told of. */
  readonly ports: 'all' | readonly number[];
  /** Whether addresses are told too: those behind these ports; of uplinks only to who is told of all. */
  readonly addresses: boolean;
}

/** Frames, as pcapng. */
export interface CaptureOrder extends CaptureBounds {
  readonly order: 'capture';
  readonly account: number;
  /** The switch's number for it. */
  readonly network: number;
  /** This port alone. */
  readonly port?: number;
}

export type InspectOrder = ReportOrder | CaptureOrder;

const highest = 65_535;

export function inspectFields(order: InspectOrder): [string, string][] {
  if (order.order === 'report') {
    const { account, ports, addresses } = order;
    return [
      ['order', 'report'],
      ['account', String(account)],
      ['ports', ports === 'all' ? ports : ports.join(' ')],
      ['addresses', addresses ? 'yes' : 'no'],
    ];
  }
  return Object.entries(order).map(([key, value]) => [key, String(value)]);
}

/** @returns undefined: it is another order. */
export function decodeInspect(fields: Fields): Result<InspectOrder, ProtocolError> | undefined {
  const order = fields.get('order');
  if (order !== 'report' && order !== 'capture') return undefined;
  const bad = err(protocolError(`the order "${order}" lacks something`));
  const account = numberOf(fields, 'account', 2 ** 32 - 1);
  if (account === undefined) return bad;
  if (order === 'report') {
    const list = fields.get('ports');
    const addresses = fields.get('addresses') === 'yes';
    if (list === 'all') return ok({ order, account, ports: list, addresses });
    const ports = (list ?? '').split(' ').filter((word) => word !== '');
    if (list === undefined || ports.some((port) => !isNumber(port, highest))) return bad;
    return ok({ order, account, ports: ports.map(Number), addresses });
  }
  const network = numberOf(fields, 'network', highest);
  const [frames, bytes, seconds] = ['frames', 'bytes', 'seconds'].map((key) => numberOf(fields, key, 1e12));
  if (network === undefined || frames === undefined || bytes === undefined || seconds === undefined) return bad;
  const port = numberOf(fields, 'port', highest);
  if (port === undefined && fields.has('port')) return bad;
  return ok({ order, account, network, frames, bytes, seconds, ...(port === undefined ? {} : { port }) });
}

function numberOf(fields: Fields, key: string, most: number): number | undefined {
  const text = fields.get(key) ?? '';
  return isNumber(text, most) ? Number(text) : undefined;
}

function isNumber(text: string, most: number): boolean {
  return /^\d{1,13}$/.test(text) && Number(text) <= most;
}
