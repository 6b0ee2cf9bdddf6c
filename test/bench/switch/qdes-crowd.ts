/** Two of our switches with networks of QDES between them, and guests on the first. */
import type { QdesLine } from '../../../src/core/qdes-line.js';
import { LinuxSockets } from '../../../src/kernel/linux-sockets.js';
import { ipLink } from '../../support/links.js';
import { OurSwitch } from './sides.js';

const host = '127.0.0.1';
/** Bytes that may wait in a socket. */
const buffer = 1 << 22;
/** A port of UDP is each switch's own, since both are of one host. */
let nextPort = 7800;

export interface Crowd extends AsyncDisposable {
  /** The one that is measured. */
  readonly near: OurSwitch;
}

async function addNetworks(it: OurSwitch, first: number, networks: number, port: number, peer: number): Promise<void> {
  using sockets = new LinuxSockets();
  const about = { six: false, port, ifindex: ipLink('lo').ifindex as number, ttl: 1, fragment: true };
  const socket = sockets.openDatagrams(about, buffer)._unsafeUnwrap();
  const common = { socket: 'lo', encapsulation: 'qdes', port, peers: [{ address: host, port: peer }] } as const;
  for (let id = 0; id < networks; id += 1) {
    const line: QdesLine = { ...common, id };
    await it.plugUplink({ port: first + id, network: id, kind: 'qdes', line }, [
      sockets.duplicate(socket)._unsafeUnwrap(),
    ]);
  }
  socket.close();
}

/** @param guests on the first network; a network has one host besides, which answers. */
export async function startCrowd(guests: number, networks: number): Promise<Crowd> {
  const near = await OurSwitch.start(guests);
  const far = await OurSwitch.start(0);
  const [port, other] = [nextPort, nextPort + 1];
  nextPort += 2;
  await addNetworks(far, 0, networks, other, port);
  await addNetworks(near, guests, networks, port, other);
  return {
    near,
    [Symbol.asyncDispose]: async () => {
      await near[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
    },
  };
}
