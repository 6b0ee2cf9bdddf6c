/** A grant: what was handed out, to whom, and how it is written on the interface so that it outlives the broker. */
import { type BorrowedFunction, formatFunction, parseFunction } from './borrowed-function.js';
import type { Form } from './form.js';
import { isForm } from './form.js';
import type { Mac } from './mac.js';
import { parseMac } from './mac.js';
import { type GrantId, type NetworkName, parseGrantId, parseNetworkName } from './names.js';

export interface Grant {
  readonly id: GrantId;
  /** The owner, by the kernel's word. */
  readonly uid: number;
  readonly gid: number;
  readonly network: NetworkName;
  readonly form: Form;
  /** The address the guest was told to use. */
  readonly mac: Mac;
  /** The process whose life the grant follows: QEMU, not the helper. 0 when it is unknown. */
  readonly holder: number;
  /** Seconds since 1970 at which it was granted. */
  readonly since: number;
  /** Access VLAN of the port; undefined: the bridge's default. */
  readonly vlan?: number;
  /** Descriptors of one device; undefined: 1. */
  readonly queues?: number;
  /** The SR-IOV function that it is on and that goes back with its end. */
  readonly borrowed?: BorrowedFunction;
}

const mark = 'fdbroker';

/** The interface alias that tags a tap as ours: at most 255 bytes (IFALIASZ is 256). */
export function formatAlias(grant: Grant): string {
  const { id, uid, gid, network, form, mac, holder, since, vlan, queues, borrowed } = grant;
  const tag =
    (vlan === undefined ? '' : ` vlan=${vlan}`) +
    (queues === undefined ? '' : ` queues=${queues}`) +
    (borrowed === undefined ? '' : ` vf=${formatFunction(borrowed)}`);
  return `${mark} grant=${id} uid=${uid} gid=${gid} network=${network} form=${form} mac=${mac} holder=${holder} since=${since}${tag}`;
}

/** The grant an alias was written for, or undefined when it is not of our making. */
export function parseAlias(alias: string): Grant | undefined {
  const [first, ...words] = alias.split(' ');
  if (first !== mark) return undefined;
  const fields = new Map(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
  const number = (key: string) => (/^\d{1,10}$/.test(fields.get(key) ?? '') ? Number(fields.get(key)) : undefined);
  const id = parseGrantId(fields.get('grant') ?? '');
  const network = parseNetworkName(fields.get('network') ?? '');
  const mac = parseMac(fields.get('mac') ?? '');
  const form = fields.get('form') ?? '';
  const [uid, gid, holder, since] = [number('uid'), number('gid'), number('holder'), number('since')];
  if (id.isErr() || network.isErr() || mac.isErr() || !isForm(form)) return undefined;
  if (uid === undefined || gid === undefined || holder === undefined || since === undefined) return undefined;
  const [vlan, queues] = [number('vlan'), number('queues')];
  const grant = { id: id.value, uid, gid, network: network.value, form, mac: mac.value, holder, since };
  const borrowed = parseFunction(fields.get('vf') ?? '');
  return {
    ...grant,
    ...(vlan === undefined ? {} : { vlan }),
    ...(queues === undefined ? {} : { queues }),
    ...(borrowed === undefined ? {} : { borrowed }),
  };
}

/**
 * The tap's own address, on the host's side: the grant's id behind fe:fd. A bridge takes the lowest address of its
 * ports, so the high first byte keeps it from ever taking a tap's.
 */
export function tapAddress(grant: GrantId): Mac {
  return `fe:fd:${grant.slice(0, 2)}:${grant.slice(2, 4)}:${grant.slice(4, 6)}:${grant.slice(6)}` as Mac;
}
