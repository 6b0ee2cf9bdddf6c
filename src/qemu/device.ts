/** What a guest's NIC is told of the grant behind it: only what nobody has said yet. */
import { appendPieces, splitPieces } from './comma.js';
import { type Backend, commaField } from './netdev.js';
import { parseObject } from './wish.js';

/** An option -device that names a netdev. */
export interface Device {
  readonly netdev: string;
  readonly driver: string;
  readonly mac: string | undefined;
  /** Keys that it says something about. */
  readonly keys: ReadonlySet<string>;
}

/** @returns undefined when it names no netdev, or is not to be read: that is for QEMU to say. */
export function readDevice(text: string): Device | undefined {
  const fields = text.trimStart().startsWith('{') ? jsonFields(text) : commaFields(text);
  const netdev = fields?.get('netdev');
  if (fields === undefined || netdev === undefined) return undefined;
  return { netdev, driver: fields.get('driver') ?? '', mac: fields.get('mac'), keys: new Set(fields.keys()) };
}

function jsonFields(text: string): Map<string, string> | undefined {
  const object = parseObject(text);
  return object && new Map(Object.entries(object).map(([key, value]) => [key, String(value)]));
}

function commaFields(text: string): Map<string, string> {
  return new Map(
    splitPieces(text).map(({ key, value }, index) => {
      if (key !== undefined) return [key, value];
      return index === 0 ? ['driver', value] : [value, 'on'];
    }),
  );
}

/** What an Ethernet link carries that says nothing of its MTU. */
const usualMtu = 1500;

/** The properties that a device of this driver gets with a grant. */
export function deviceProperties(
  driver: string,
  { mac, mtu, fds: { length: queues } }: Backend,
): (readonly [key: string, value: string | number | boolean])[] {
  const virtio = driver.startsWith('virtio-net');
  return [
    ['mac', mac],
    ...(virtio && queues > 1 ? ([['mq', true]] as const) : []),
    // Two for each queue, one for changes of the device, one for its control queue; others than PCI have none
    ...(driver.startsWith('virtio-net-pci') && queues > 1 ? ([['vectors', 2 * queues + 2]] as const) : []),
    ...(virtio && mtu !== usualMtu ? ([['host_mtu', mtu]] as const) : []),
  ];
}

/** The option with what it left unsaid; all else is as it was written. */
export function completeDevice(text: string, device: Device, backend: Backend): string {
  const more = deviceProperties(device.driver, backend).filter(([key]) => !device.keys.has(key));
  if (!text.trimStart().startsWith('{')) {
    return appendPieces(
      text,
      more.map(([key, value]) => commaField(key, value)),
    );
  }
  const members = more.map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const end = text.lastIndexOf('}');
  return text.slice(0, end) + members.join('') + text.slice(end);
}
