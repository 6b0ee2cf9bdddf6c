/** Opens a network: the one verb whose answer carries descriptors. */
import { err, ok, type Result } from 'neverthrow';
import type { Form } from '../core/form.js';
import { parseMac, parseMacWish } from '../core/mac.js';
import { type GrantId, parseGrantId, parseNetworkName } from '../core/names.js';
import type { OwnedFd } from '../kernel/owned-fd.js';
import type { Fields } from '../protocol/message.js';
import { decodeReply } from '../protocol/reply.js';
import { encodeRequest, mostQueues, type OpenRequest } from '../protocol/request.js';
import { type CallOptions, defaultTimeout, type Exchange } from './call.js';
import { refusePath } from './diagnose.js';
import type { ClientError } from './error.js';
import { type Answer, exchangeFds } from './exchange-fds.js';
import { chooseSocket } from './socket-path.js';
import { fieldsOf, listNetworks } from './verbs.js';

export interface OpenOptions extends CallOptions {
  readonly network: string;
  /** Left out: the first of dgram, stream and tap that the network offers. */
  readonly form?: Form;
  /**
   * The guest's address, as `52:54:00:12:34:56`. `any`: the broker chooses, and the caller promises that the guest will
   * use {@link OpenedGrant.mac}; left out: it chooses too, but a network that locks addresses refuses.
   */
  readonly mac?: string;
  /** Descriptors of one device; left out: 1. */
  readonly queues?: number;
  /** A vhost-net descriptor for each queue; auto: where rule and host have it; left out: no. */
  readonly vhost?: 'no' | 'yes' | 'auto';
  /** Whether frames of a tap carry a virtio-net header, as QEMU has it; left out: yes. */
  readonly vnetHdr?: boolean;
  /** The control socket; left out: FDBROKER_SOCKET or the usual place. */
  readonly socket?: string;
  /**
   * A unix stream socket whose other end is the process that is to hold the grant, when that is another one of the
   * caller's user: it stays the caller's. Left out: the caller's own process holds it.
   */
  readonly holder?: number;
}

/** A network that is the caller's for as long as the descriptors are open, or copies of them. */
export interface OpenedGrant extends Disposable {
  readonly grant: GrantId;
  readonly network: string;
  readonly form: Form;
  /** What the guest is to use. */
  readonly mac: string;
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
  /** The interface behind it, where there is one. */
  readonly ifname?: string;
  /** Why it carries nothing as yet, a sentence; left out: the broker knows of nothing. */
  readonly caution?: string;
  /** A stream that listens. */
  readonly server: boolean;
  /** Of a socket that is not connected: the address and port to send frames to, as `239.1.2.3:5000` or `[ff15::1]:5000`. */
  readonly to?: string;
  /** One for each queue: close-on-exec and the caller's, as are those of vhost. */
  readonly fds: readonly OwnedFd[];
  /** As many, or none. */
  readonly vhostFds: readonly OwnedFd[];
  /** Closes what is still the caller's. */
  [Symbol.dispose](): void;
}

/** Forms that QEMU takes. A tap costs the host more than the others, where there are others. */
const preferred: readonly Form[] = ['dgram', 'stream', 'tap'];

/** Asks the broker. Never throws and never rejects; a broker that says no is an error with the tag `refused`. */
export async function open(options: OpenOptions): Promise<Result<OpenedGrant, ClientError>> {
  const path = options.socket ?? chooseSocket(undefined, process.env).path;
  const seconds = options.timeout ?? defaultTimeout;
  const until = performance.now() + seconds * 1000;
  const request = requestOf(options);
  if (request.isErr()) return err(request.error);
  const bad = refusePath(path);
  if (bad !== undefined) return err(bad);
  const form = options.form ?? (await offeredForm(path, options.network, until, seconds));
  if (typeof form !== 'string') return err(form);
  const carried = options.holder === undefined ? [] : [options.holder];
  const message = encodeRequest({ ...request.value, form });
  const answer = await exchangeFds(path, message, carried, until, seconds);
  return answer.andThen((got) => readAnswer(path, got, form));
}

function requestOf(options: OpenOptions): Result<Omit<OpenRequest, 'form'>, ClientError> {
  const { queues = 1, vhost = 'no', vnetHdr = true } = options;
  const refuse = ({ what }: { readonly what: string }): ClientError => ({ tag: 'bad-request', what });
  if (!Number.isInteger(queues) || queues < 1 || queues > mostQueues) {
    return err(refuse({ what: `${queues} queues are asked for; 1 to ${mostQueues} are possible` }));
  }
  const network = parseNetworkName(options.network);
  if (network.isErr()) return err(refuse(network.error));
  const mac = options.mac === undefined ? ok(undefined) : parseMacWish(options.mac);
  if (mac.isErr()) return err(refuse(mac.error));
  const device = queues === 1 && vhost === 'no' ? {} : { queues, vhost };
  const address = mac.value === undefined ? {} : { mac: mac.value };
  return ok({ verb: 'open', network: network.value, vnetHdr, ...address, ...device });
}

/** A network that is not listed is asked for as a tap, so that the broker says no in its own words. */
async function offeredForm(path: string, network: string, until: number, seconds: number): Promise<Form | ClientError> {
  const timeout = Math.max(0.001, (until - performance.now()) / 1000);
  const networks = await listNetworks(path, { timeout }, plainExchange);
  if (networks.isErr()) return networks.error.tag === 'timeout' ? { ...networks.error, seconds } : networks.error;
  const offered = networks.value.find(({ name }) => name === network)?.forms ?? [];
  return preferred.find((form) => offered.includes(form)) ?? 'tap';
}

/** Asks a verb whose answer has no descriptors by the means that {@link open} has anyway. */
export const plainExchange: Exchange = async (path, message, until, seconds) =>
  (await exchangeFds(path, message, [], until, seconds)).map(({ bytes, fds }) => {
    for (const fd of fds) fd.close();
    return bytes;
  });

/** Takes the descriptors, or closes them. */
function readAnswer(socket: string, { bytes, fds }: Answer, form: Form): Result<OpenedGrant, ClientError> {
  const garbage = (what: string): ClientError => ({ tag: 'garbage', socket, what });
  const opened = decodeReply(bytes)
    .mapErr(({ what }) => garbage(what))
    .andThen(fieldsOf)
    .andThen((fields) => readGrant(fields, fds, form).mapErr(garbage));
  if (opened.isErr()) for (const fd of fds) fd.close();
  return opened;
}

function readGrant(fields: Fields, all: readonly OwnedFd[], form: Form): Result<OpenedGrant, string> {
  const text = (key: string) => fields.get(key) ?? '';
  const number = (key: string, left: string) => Number(/^\d{1,9}$/.exec(fields.get(key) ?? left)?.[0] ?? Number.NaN);
  const grant = parseGrantId(text('grant'));
  const mac = parseMac(text('mac'));
  const [mtu, queues] = [number('mtu', ''), number('queues', '1')];
  const vhost = fields.get('vhost') === 'yes';
  if (grant.isErr() || mac.isErr() || !(mtu > 0) || !(queues > 0)) return err('a field of the grant is missing');
  if (text('form') !== form) return err('it is of another form than was asked');
  const expected = queues * (vhost ? 2 : 1);
  if (all.length !== expected) return err(`${all.length} descriptors came with it, and ${expected} belong to it`);
  const [ifname, to, caution] = [fields.get('ifname'), fields.get('to'), fields.get('caution')];
  return ok({
    grant: grant.value,
    network: text('network'),
    form,
    mac: mac.value,
    mtu,
    ...(ifname === undefined ? {} : { ifname }),
    ...(caution === undefined ? {} : { caution }),
    server: fields.get('server') === 'yes',
    ...(to === undefined ? {} : { to }),
    fds: all.slice(0, queues),
    vhostFds: all.slice(queues),
    [Symbol.dispose]() {
      for (const fd of all) fd.close();
    },
  });
}
