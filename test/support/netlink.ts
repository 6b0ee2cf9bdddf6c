/** Netlink messages written out in hexadecimal, as they are on a little-endian machine. */
import { align, NetlinkBytes } from '../../src/kernel/netlink/bytes.js';
import { Message } from '../../src/kernel/netlink/message.js';

/** The bytes that the text stands for: blanks and what follows a # do not count. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(/#.*/g, '').replaceAll(/\s/g, ''), 'hex');
}

/** Memory that begins with these bytes. */
export function memoryOf(text: string): { readonly memory: NetlinkBytes; readonly size: number } {
  const bytes = bytesOf(text);
  const memory = new NetlinkBytes(align(bytes.length));
  bytes.copy(memory.bytes);
  return { memory, size: bytes.length };
}

/** Four bytes a line, so that a difference shows where it is. */
function lines(bytes: Buffer): readonly string[] {
  return bytes.toString('hex').match(/.{1,8}/g) ?? [];
}

/** The message that `build` makes, as request number 7. */
export function built(build: (message: Message) => void): readonly string[] {
  const message = new Message();
  message.bytes.fill(0xee);
  build(message);
  message.finish(7);
  return lines(message.bytes.subarray(0, message.size));
}

export function written(text: string): readonly string[] {
  return lines(bytesOf(text));
}
