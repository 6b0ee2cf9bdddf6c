/** Addresses of far ends, as the kernel takes and gives them beside datagrams (ip(7), ipv6(7)): 32 bytes each. */
import type { Result } from 'neverthrow';
import type { Endpoint } from '../core/config.js';
import type { SysError } from '../core/sys-error.js';
import { check } from './errno.js';
import { addressSize } from './frame-io.js';
import { native } from './native.js';

/** EINVAL: it is no address of IPv4 or IPv6. */
export function writeAddress({ address, port }: Endpoint, bytes: Uint8Array, place: number): Result<number, SysError> {
  return check('inet_pton', native.addressWrite(address, port, bytes, place));
}

/** undefined: nothing was written there. It allocates: for listings. */
export function readAddress(bytes: Uint8Array, place: number): Endpoint | undefined {
  const address = native.addressText(bytes, place);
  return typeof address === 'number' ? undefined : { address, port: native.addressPort(bytes, place) };
}

/** Where a socket of UDP is bound. */
export function writeOwnAddress(fd: number, bytes: Uint8Array, place: number): Result<number, SysError> {
  return check('getsockname', native.addressOwn(fd, bytes, place));
}

/** Whether two places hold the same address and port. */
export function sameAddress(one: Uint8Array, place: number, other: Uint8Array, otherPlace: number): boolean {
  const [a, b] = [place * addressSize, otherPlace * addressSize];
  for (let i = 0; i < addressSize; i += 1) if (one[a + i] !== other[b + i]) return false;
  return true;
}
