/**
 * What the broker and the switch tell each other, one message each, in the frame of message.ts; descriptors ride along.
 * The two are one product and are installed together: the shape may change from version to version.
 */
import { err, ok, type Result } from 'neverthrow';
import { type Mac, parseMac } from '../core/mac.js';
import { type PortKind, portKinds } from '../core/port-kind.js';
import type { QdesLine } from '../core/qdes-line.js';
import { decodeInspect, type InspectOrder, inspectFields } from './inspect-order.js';
import { decodeMessage, encodeMessage, type Fields, type ProtocolError, protocolError } from './message.js';
import { decodeLine, lineFields } from './qdes-field.js';

/** A port as the broker wants it. Its descriptors come with the message, in the order that its kind says. */
export interface PlugOrder {
  /** The broker's number for it, 0 to 65535; in use once at a time. */
  readonly port: number;
  /** The broker's number for the network, 0 to 65535. */
  readonly network: number;
  readonly kind: PortKind;
  readonly uplink: boolean;
  readonly isolated: boolean;
  readonly locked: boolean;
  readonly maxAddresses: number;
  /** Bytes, with header and tags. */
  readonly maxFrame: number;
  /** The network's access VLAN, 1 to 4094: its frames have no tag, but on an uplink's wire this one; undefined: tags pass. */
  readonly vlan?: number;
  /** Frames to all in a second; undefined: any number. */
  readonly floodRate?: number;
  /** Addresses that nobody else may send from. */
  readonly addresses: readonly Mac[];
  /** Ports with the same one stay on one thread, as those of a network do: their uplinks may come to share a socket. */
  readonly bond?: string;
  /** Of kind qdes, and of no other. */
  readonly line?: QdesLine;
  /** What the broker wants to be told of it when it has forgotten: at most 4 KiB of text, without control characters. */
  readonly label: string;
}

export type Order =
  | ({ readonly order: 'plug' } & PlugOrder)
  | InspectOrder
  | { readonly order: 'unplug'; readonly port: number }
  /** Every port is told as a `port` event, with copies of its descriptors; then `listed`. */
  | { readonly order: 'list' };

export type SwitchEvent =
  | { readonly event: 'port'; readonly order: PlugOrder }
  | { readonly event: 'listed' }
  /** A line for whoever looks after the switch. */
  | { readonly event: 'said'; readonly message: string }
  /** Nobody has the port's other end any more, and the switch has let it go. */
  | { readonly event: 'ended'; readonly port: number }
  /** The port could not be made; its descriptors are closed. */
  | { readonly event: 'refused'; readonly port: number; readonly message: string };

export function encodeOrder(order: Order): Buffer {
  if (order.order === 'plug') return encodeMessage([['order', 'plug'], ...plugFields(order)]);
  if (order.order === 'report' || order.order === 'capture') return encodeMessage(inspectFields(order));
  return encodeMessage(Object.entries(order).map(toText));
}

export function encodeEvent(event: SwitchEvent): Buffer {
  return encodeMessage(
    event.event === 'port' ? [['event', 'port'], ...plugFields(event.order)] : Object.entries(event).map(toText),
  );
}

const toText = ([key, value]: [string, unknown]): [string, string] => [key, String(value)];

const flags = ['uplink', 'isolated', 'locked'] as const;

function plugFields(order: PlugOrder): [string, string][] {
  return [
    ['port', String(order.port)],
    ['network', String(order.network)],
    ['kind', order.kind],
    ['flags', flags.filter((flag) => order[flag]).join(' ')],
    ['max-addresses', String(order.maxAddresses)],
    ['max-frame', String(order.maxFrame)],
    ['vlan', String(order.vlan ?? '')],
    ['flood-rate', String(order.floodRate ?? '')],
    ['addresses', order.addresses.join(' ')],
    ...(order.bond === undefined ? [] : [['bond', order.bond] as [string, string]]),
    ...(order.line === undefined ? [] : lineFields(order.line)),
    ['label', order.label],
  ];
}

/** @param bytes one message. */
export function decodeOrder(bytes: Uint8Array): Result<Order, ProtocolError> {
  return decodeMessage(bytes).andThen((fields): Result<Order, ProtocolError> => {
    const order = fields.get('order');
    if (order === 'list') return ok({ order });
    const inspect = decodeInspect(fields);
    if (inspect !== undefined) return inspect;
    const port = wholeNumber(fields, 'port', 65_535);
    if (port === undefined) return err(protocolError('the order has no port'));
    if (order === 'unplug') return ok({ order, port });
    if (order !== 'plug') return err(protocolError('there is no such order'));
    return decodePlug(fields, port).map((plug) => ({ order, ...plug }));
  });
}

function decodePlug(fields: Fields, port: number): Result<PlugOrder, ProtocolError> {
  const network = wholeNumber(fields, 'network', 65_535);
  const maxAddresses = wholeNumber(fields, 'max-addresses', 1 << 20);
  const maxFrame = wholeNumber(fields, 'max-frame', 65_554);
  const kind = portKinds.find((one) => one === fields.get('kind'));
  const vlan = wholeNumber(fields, 'vlan', 4094);
  const floodRate = wholeNumber(fields, 'flood-rate', 1e9);
  const set = words(fields, 'flags');
  const addresses = words(fields, 'addresses').map(parseMac);
  const line = decodeLine(fields.get('qdes') ?? '', fields.get('qdes-keys') ?? '');
  const [label, bond] = [fields.get('label'), fields.get('bond')];
  if (network === undefined || maxAddresses === undefined || maxFrame === undefined || kind === undefined) {
    return err(protocolError('the order lacks network, kind, max-addresses or max-frame'));
  }
  if (label === undefined || addresses.some((address) => address.isErr())) {
    return err(protocolError('the order lacks its label, or has an address that is none'));
  }
  if ((kind === 'qdes') !== (line !== undefined))
    return err(protocolError('qdes stands with its kind, and alone there'));
  return ok({
    ...{ port, network, kind, maxAddresses, maxFrame, label },
    ...{ uplink: set.includes('uplink'), isolated: set.includes('isolated'), locked: set.includes('locked') },
    ...(vlan === undefined ? {} : { vlan }),
    ...(floodRate === undefined ? {} : { floodRate }),
    ...(bond === undefined ? {} : { bond }),
    ...(line === undefined ? {} : { line }),
    addresses: addresses.flatMap((address) => (address.isOk() ? [address.value] : [])),
  });
}

/** @param bytes one message. */
export function decodeEvent(bytes: Uint8Array): Result<SwitchEvent, ProtocolError> {
  return decodeMessage(bytes).andThen((fields): Result<SwitchEvent, ProtocolError> => {
    const event = fields.get('event');
    if (event === 'listed') return ok({ event });
    if (event === 'said') return ok({ event, message: fields.get('message') ?? '' });
    const port = wholeNumber(fields, 'port', 65_535);
    if (port === undefined) return err(protocolError('the event has no port'));
    switch (event) {
      case 'ended':
        return ok({ event, port });
      case 'port':
        return decodePlug(fields, port).map((order) => ({ event, order }));
      case 'refused':
        return ok({ event, port, message: fields.get('message') ?? '' });
      default:
        return err(protocolError('there is no such event'));
    }
  });
}

function wholeNumber(fields: Fields, key: string, most: number): number | undefined {
  const text = fields.get(key) ?? '';
  return /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

function words(fields: Fields, key: string): string[] {
  return (fields.get(key) ?? '').split(' ').filter((word) => word !== '');
}
