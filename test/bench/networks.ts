/** Networks of every type for one broker, and the links and the listener that they need. */
import { createServer } from 'node:net';
import { sh } from './commands.js';

/** The name of a network, and the keys of its section. */
const networks: Readonly<Record<string, string>> = {
  lan: 'type = bridge\nbridge = br0',
  macvtap: 'type = macvtap\nparent = wire0\nmode = bridge',
  packet: 'type = packet\ninterface = wire0\nbare = yes',
  'packet-far': 'type = packet\ninterface = wire1\nbare = yes',
  multicast: 'type = multicast\ngroup = 239.1.2.3\nport = 7000\ninterface = wire0',
  udp: 'type = udp\nlocal = 127.0.0.1:7001\nremote = 127.0.0.1:7002',
  'udp-far': 'type = udp\nlocal = 127.0.0.1:7002\nremote = 127.0.0.1:7001',
  'tcp-listen': 'type = tcp\nlisten = 127.0.0.1:7003',
  'tcp-far': 'type = tcp\nconnect = 127.0.0.1:7003',
  'tcp-connect': 'type = tcp\nconnect = 127.0.0.1:7004',
};

/** Everyone may have them all. */
export const sections = `${Object.entries(networks)
  .map(([name, keys]) => `[network ${name}]\n${keys}\n`)
  .join('')}[rule every-type]
effect = allow
user[] = *
${Object.keys(networks)
  .map((name) => `network[] = ${name}\n`)
  .join('')}max-queues = 4
`;

/** wire0 and wire1 are the two ends of one wire. They go with the namespace. */
export function addLinks(): void {
  sh('ip link add wire0 type veth peer name wire1');
  sh('ip address add 10.77.0.1/24 dev wire0; ip link set wire0 up; ip link set wire1 up');
}

/** Takes what `tcp-connect` connects to, and lets go of it when the other end does. */
export async function listenForTcp(): Promise<Disposable> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(7004, '127.0.0.1', resolve));
  return { [Symbol.dispose]: () => void server.close() };
}
