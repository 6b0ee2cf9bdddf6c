/**
 * What the broker tells the keeper, and what it is answered, one message each: a line of words, and bytes after it.
 * helper/keeper/main.c is the other side; the two are one product and are installed together.
 */

export type KeeperOrder =
  /** Answered by `tap` with the tap and its packet socket, or by `failed`. */
  | {
      readonly order: 'tap';
      /** Bytes without the Ethernet header. */
      readonly mtu: number;
      /** Whether the tap's frames have a virtio-net header; those of its packet socket have. */
      readonly vnetHdr: boolean;
    }
  /** Its descriptors come with the message, in place of what was kept for the port before. */
  | {
      readonly order: 'keep';
      readonly port: number;
      /** Whether it has an end of its own, which its first descriptor tells. */
      readonly guest: boolean;
      /** Given back with the descriptors. */
      readonly bytes: Uint8Array;
    }
  | { readonly order: 'drop'; readonly port: number }
  /** Every port but those whose guest has gone is told as `kept`, with copies of its descriptors; then `listed`. */
  | { readonly order: 'list' };

export type KeeperAnswer =
  | { readonly answer: 'tap' }
  | { readonly answer: 'failed'; readonly errno: number; readonly call: string }
  | { readonly answer: 'kept'; readonly bytes: Uint8Array }
  | { readonly answer: 'listed' };

export function encodeKeeperOrder(order: KeeperOrder): Buffer {
  switch (order.order) {
    case 'tap':
      return Buffer.from(`tap ${order.mtu} ${order.vnetHdr ? 'yes' : 'no'}\n`);
    case 'keep':
      return Buffer.concat([Buffer.from(`keep ${order.port} ${order.guest ? 'guest' : 'uplink'}\n`), order.bytes]);
    case 'drop':
      return Buffer.from(`drop ${order.port}\n`);
    case 'list':
      return Buffer.from('list\n');
  }
}

/** @returns undefined: it is none of them. */
export function decodeKeeperAnswer(message: Uint8Array): KeeperAnswer | undefined {
  const end = message.indexOf(0x0a);
  if (end < 0) return undefined;
  const line = Buffer.from(message.subarray(0, end)).toString('latin1');
  if (line === 'tap' || line === 'listed') return { answer: line };
  if (line === 'kept') return { answer: 'kept', bytes: message.subarray(end + 1) };
  const [, errno, call] = /^failed ([0-9]{1,4}) ([!-~ ]{1,80})$/.exec(line) ?? [];
  return errno === undefined || call === undefined ? undefined : { answer: 'failed', errno: Number(errno), call };
}
