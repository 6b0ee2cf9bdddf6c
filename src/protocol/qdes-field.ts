/** What an order tells the switch of a QDES network, as one field: words between blanks, the hosts that are named last; and its keys as another. */
import { isGroup } from '../core/endpoint.js';
import type { QdesLine } from '../core/qdes-line.js';

export function lineFields(line: QdesLine): [string, string][] {
  return [
    ['qdes', encodeLine(line)],
    ['qdes-keys', (line.keys ?? []).join(' ')],
  ];
}

function encodeLine({ socket, id, encapsulation, port, group, peers }: QdesLine): string {
  const addresses = peers.map(({ address }) => address);
  return [socket, id, encapsulation, port, group?.address ?? '-', ...addresses].join(' ');
}

/**
 * @param keys words between blanks; empty: none.
 * @returns undefined: it is none.
 */
export function decodeLine(text: string, keys: string): QdesLine | undefined {
  const sealed = keys === '' ? [] : keys.split(' ');
  if (!sealed.every((key) => /^[0-9a-f]{64}$/.test(key))) return undefined;
  const [socket = '', id = '', encapsulation, port = '', group = '', ...peers] = text.split(' ');
  if (!/^\d{1,8}$/.test(id) || !/^\d{1,5}$/.test(port)) return undefined;
  if (encapsulation !== 'qdes' && encapsulation !== 'vxlan') return undefined;
  if (!peers.every(isAddress) || (group !== '-' && !(isAddress(group) && isGroup(group)))) return undefined;
  const at = (address: string) => ({ address, port: Number(port) });
  return {
    ...{ socket, id: Number(id), encapsulation, port: Number(port) },
    ...(group === '-' ? {} : { group: at(group) }),
    peers: peers.map(at),
    ...(sealed.length === 0 ? {} : { keys: sealed }),
  };
}

function isAddress(text: string): boolean {
  return /^[0-9]+(\.[0-9]+){3}$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]*$/i.test(text);
}
