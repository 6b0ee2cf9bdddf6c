/** What a client may ask, as one sum type (docs/protocol.md). */
import { err, ok, type Result } from 'neverthrow';
import { type Form, forms, isForm } from '../core/form.js';
import { type MacWish, parseMacWish } from '../core/mac.js';
import { type GrantId, type NetworkName, parseGrantId, parseNetworkName } from '../core/names.js';
import { type CaptureRequest, captureFields, captureKeys, decodeCapture } from './capture-request.js';
import { decodeMessage, encodeMessage, type Fields, type ProtocolError, protocolError } from './message.js';

export interface OpenRequest {
  readonly verb: 'open';
  readonly network: NetworkName;
  readonly form: Form;
  /** A tap whose frames carry a virtio-net header (IFF_VNET_HDR). */
  readonly vnetHdr: boolean;
  /** Left out: the broker chooses, and who asks cannot promise that the guest will use it. */
  readonly mac?: MacWish;
  /** Descriptors of one device, 1 to {@link mostQueues}; left out: 1. */
  readonly queues?: number;
  /** Whether a vhost-net descriptor for each is wanted; auto: where rules and kernel have it; left out: no. */
  readonly vhost?: (typeof vhostWishes)[number];
}

const vhostWishes = ['no', 'yes', 'auto'] as const;
/** A message carries 253 descriptors (SCM_MAX_FD), and each queue can have two; a tap could have 256. */
export const mostQueues = 126;

export type Request =
  | OpenRequest
  /** `after`: the last name or grant of the page before. */
  | { readonly verb: 'networks' | 'ports'; readonly after?: string }
  | { readonly verb: 'status' | 'reload' }
  /** `addresses`: whether they are told too. */
  | { readonly verb: 'switch'; readonly addresses: boolean }
  | CaptureRequest
  | { readonly verb: 'release'; readonly grant: GrantId };

const keysOf: Readonly<Record<Request['verb'], readonly string[]>> = {
  open: ['network', 'form', 'vnet-hdr', 'mac', 'queues', 'vhost'],
  networks: ['after'],
  ports: ['after'],
  status: [],
  reload: [],
  release: ['grant'],
  switch: ['addresses'],
  capture: captureKeys,
};

export function decodeRequest(bytes: Uint8Array): Result<Request, ProtocolError> {
  return decodeMessage(bytes).andThen((fields) => {
    const verb = fields.get('verb');
    if (verb === undefined) return err(protocolError('the key "verb" is missing'));
    if (!Object.hasOwn(keysOf, verb)) {
      return err(protocolError(`there is no such verb; the verbs are ${Object.keys(keysOf).join(', ')}`));
    }
    const known = verb as Request['verb'];
    for (const key of fields.keys()) {
      if (key !== 'verb' && !keysOf[known].includes(key)) {
        return err(protocolError(`the verb "${known}" takes no key "${key}"`));
      }
    }
    return decodeVerb(known, fields);
  });
}

function decodeVerb(verb: Request['verb'], fields: Fields): Result<Request, ProtocolError> {
  const refuse = (error: { what: string }) => protocolError(error.what);
  switch (verb) {
    case 'open':
      return decodeOpen(fields);
    case 'networks':
    case 'ports': {
      const after = fields.get('after');
      return ok(after === undefined ? { verb } : { verb, after });
    }
    case 'status':
    case 'reload':
      return ok({ verb });
    case 'release':
      return parseGrantId(fields.get('grant') ?? '')
        .map((grant) => ({ verb, grant }))
        .mapErr(refuse);
    case 'switch': {
      const addresses = fields.get('addresses') ?? 'yes';
      if (addresses === 'yes' || addresses === 'no') return ok({ verb, addresses: addresses === 'yes' });
      return err(protocolError('the key "addresses" must be yes or no'));
    }
    case 'capture':
      return decodeCapture(fields);
  }
}

function decodeOpen(fields: Fields): Result<OpenRequest, ProtocolError> {
  const refuse = (error: { what: string }) => protocolError(error.what);
  const network = parseNetworkName(fields.get('network') ?? '');
  if (network.isErr()) return err(refuse(network.error));
  const form = fields.get('form') ?? '';
  if (!isForm(form)) return err(protocolError(`the key "form" must be one of ${forms.join(', ')}`));
  const header = fields.get('vnet-hdr');
  if (header !== 'yes' && header !== 'no') return err(protocolError('the key "vnet-hdr" must be yes or no'));
  const device = decodeDevice(fields);
  if (device.isErr()) return err(device.error);
  const plain = { verb: 'open', network: network.value, form, vnetHdr: header === 'yes' } as const;
  const request = device.value === undefined ? plain : { ...plain, ...device.value };
  const mac = fields.get('mac');
  if (mac === undefined) return ok(request);
  return parseMacWish(mac)
    .map((address) => ({ ...request, mac: address }))
    .mapErr(refuse);
}

/** @returns undefined when the client says nothing of them. */
function decodeDevice(fields: Fields): Result<Pick<OpenRequest, 'queues' | 'vhost'> | undefined, ProtocolError> {
  const [queues, wish] = [fields.get('queues'), fields.get('vhost')];
  if (queues === undefined && wish === undefined) return ok(undefined);
  if (queues !== undefined && (!/^[1-9]\d{0,2}$/.test(queues) || Number(queues) > mostQueues)) {
    return err(protocolError(`the key "queues" must be a number from 1 to ${mostQueues}`));
  }
  const vhost = vhostWishes.find((known) => known === (wish ?? 'no'));
  if (vhost === undefined) return err(protocolError(`the key "vhost" must be one of ${vhostWishes.join(', ')}`));
  return ok({ queues: Number(queues ?? 1), vhost });
}

/** @returns one message, ready to send. */
export function encodeRequest(request: Request): Buffer {
  const fields: [string, string][] = [['verb', request.verb]];
  switch (request.verb) {
    case 'open':
      fields.push(['network', request.network], ['form', request.form], ['vnet-hdr', request.vnetHdr ? 'yes' : 'no']);
      if (request.mac !== undefined) fields.push(['mac', request.mac]);
      if (request.queues !== undefined) fields.push(['queues', String(request.queues)]);
      if (request.vhost !== undefined) fields.push(['vhost', request.vhost]);
      break;
    case 'networks':
    case 'ports':
      if (request.after !== undefined) fields.push(['after', request.after]);
      break;
    case 'release':
      fields.push(['grant', request.grant]);
      break;
    case 'switch':
      if (!request.addresses) fields.push(['addresses', 'no']);
      break;
    case 'capture':
      fields.push(...captureFields(request));
      break;
  }
  return encodeMessage(fields);
}
