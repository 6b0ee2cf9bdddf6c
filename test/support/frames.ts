/** Ethernet frames for the tests of the switch. */

/** @param address `52:54:00:00:00:01`. */
export function macBytes(address: string): Uint8Array {
  return Uint8Array.from(address.split(':'), (pair) => Number.parseInt(pair, 16));
}

/** The station with this number: 02:00:00:00:00:NN and on. */
export function station(number: number): Uint8Array {
  const address = new Uint8Array(6);
  new DataView(address.buffer).setUint32(2, number);
  address[0] = 0x02;
  return address;
}

export const broadcast = macBytes('ff:ff:ff:ff:ff:ff');

export function frame(to: Uint8Array, from: Uint8Array, payload: Uint8Array = new Uint8Array(46)): Uint8Array {
  return Uint8Array.of(...to, ...from, 0x08, 0x00, ...payload);
}

/** @param vlan goes into a tag of 802.1Q. */
export function tagged(vlan: number, plain: Uint8Array): Uint8Array {
  return Uint8Array.of(...plain.subarray(0, 12), 0x81, 0x00, vlan >> 8, vlan & 0xff, ...plain.subarray(12));
}
