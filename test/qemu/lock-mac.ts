/** On a network with lock-mac a guest is heard under its granted address and no other. */
import t from 'tap';
import type { Guest } from '../support/guest.js';
import { Host, openPolicy, prepareHost } from '../support/host.js';

prepareHost();
const host = await Host.start(t, openPolicy.replace('bridge = br0', 'bridge = br0\nlock-mac = yes'));
const words = await host.refusal({});
const offer = /--mac=(\S+) in helper=/.exec(words)?.[1] ?? '';
const second = '52:54:00:00:00:02';
const netdev = (mac: string) => `tap,helper=${host.helper} --network=lan --mac=${mac}`;

const [one, two] = await Promise.all([
  host.guest({ nics: [{ netdev: netdev(offer), mac: offer }] }),
  host.guest({ nics: [{ netdev: netdev(second), mac: second }] }),
]);
await one.configure('10.0.0.2/24');
await two.configure('10.0.0.3/24');

t.test('who names no address is told one, and that works', async (t) => {
  t.match(words, /refused: network "lan" locks the MAC address: say --mac=(\S+) in helper= and mac=\1 on the device/);
  t.equal(await one.ping('10.0.0.1'), 3);
  t.equal(await one.ping('10.0.0.3'), 3);
});

t.test('another address is not heard', async (t) => {
  await takeAddress(two, '52:54:00:00:00:99');
  t.equal(await two.ping('10.0.0.1'), 0);
  await takeAddress(two, second);
  t.equal(await two.ping('10.0.0.1'), 3);
});

t.test('a neighbour’s address is not heard, and the neighbour keeps it', async (t) => {
  await takeAddress(two, offer);
  t.equal(await two.ping('10.0.0.1'), 0);
  t.equal(await one.ping('10.0.0.1'), 3);
  await takeAddress(two, second);
});

t.test('an address in use is not granted twice', async (t) => {
  t.match(await host.refusal({ nics: [{ netdev: netdev(offer), mac: offer }] }), /refused: the address .* is in use/);
});

async function takeAddress(guest: Guest, mac: string): Promise<void> {
  await guest.must(`ip link set eth0 down && ip link set eth0 address ${mac} && ip link set eth0 up`);
}
