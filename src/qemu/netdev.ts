/** The netdev that QEMU is given for a grant, for its command line and its monitor. */
import type { Form } from '../core/form.js';
import { joinPieces, quoteValue } from './comma.js';

/** A grant as QEMU sees it. */
export interface Backend {
  readonly form: Form;
  readonly mac: string;
  /** Bytes without the Ethernet header. */
  readonly mtu: number;
  /** A stream that listens. */
  readonly server: boolean;
  /** One for each queue: a number, or a name that the monitor was told. */
  readonly fds: readonly string[];
  /** As many, or none. */
  readonly vhostFds: readonly string[];
}

type Field = readonly [key: string, value: string | boolean];

/** Keys with a dot are members of an object; the type comes first. */
function fieldsOf(id: string | undefined, { form, fds, vhostFds, server }: Backend): Field[] {
  const named: Field[] = id === undefined ? [] : [['id', id]];
  const [first = ''] = fds;
  switch (form) {
    case 'tap':
      return [['type', 'tap'], ...named, ...tapFields(fds, vhostFds)];
    case 'dgram':
      return [['type', 'dgram'], ...named, ['local.type', 'fd'], ['local.str', first]];
    case 'stream':
      return [
        ...([['type', 'stream'], ...named, ['addr.type', 'fd'], ['addr.str', first]] as const),
        ...(server ? ([['server', true]] as const) : []),
      ];
    case 'socket':
      throw new Error('a bare socket is nothing for QEMU');
  }
}

function tapFields(fds: readonly string[], vhostFds: readonly string[]): Field[] {
  const many = fds.length > 1 ? 's' : '';
  const queues: Field = [`fd${many}`, fds.join(':')];
  return vhostFds.length === 0 ? [queues] : [queues, ['vhost', true], [`vhostfd${many}`, vhostFds.join(':')]];
}

/** `tap,id=n0,fd=3`. @param id undefined for -nic, which takes none. */
export function commaNetdev(id: string | undefined, backend: Backend): string {
  const [[, type] = [], ...rest] = fieldsOf(id, backend);
  return joinPieces([String(type), ...rest.map(([key, value]) => commaField(key, value))]);
}

/** One `key=value`, with a switch as QEMU writes it. */
export function commaField(key: string, value: string | number | boolean): string {
  return `${key}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : quoteValue(String(value))}`;
}

/** The same as an object, for JSON on the command line. */
export function objectNetdev(id: string, backend: Backend): Readonly<Record<string, unknown>> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of fieldsOf(id, backend)) {
    const [outer = '', inner] = key.split('.');
    if (inner === undefined) object[outer] = value;
    else object[outer] = { ...(object[outer] as object | undefined), [inner]: value };
  }
  return object;
}

/**
 * As `netdev_add` takes it, with descriptors that the monitor knows by name. QEMU looks for the one of `stream` in a thread
 * that knows no monitor, and finds none; `socket` frames alike, and takes what is connected.
 *
 * @returns undefined for a stream that listens, which QEMU cannot be given while it runs.
 */
export function monitorNetdev(id: string, backend: Backend): Readonly<Record<string, unknown>> | undefined {
  if (backend.form !== 'stream') return objectNetdev(id, backend);
  return backend.server ? undefined : { type: 'socket', id, fd: backend.fds[0] };
}
