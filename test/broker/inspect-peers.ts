/** Other hosts of a network of type qdes, as the switch tells of them. */
import t from 'tap';
import { readSwitch } from '../../src/client/inspect.js';
import { helloType, stampSize } from '../../src/switch/qdes/header.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { fdbroker } from '../support/fdbroker.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { message } from '../support/qdes-bench.js';
import { hostInterface, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { until } from '../support/until.js';

inPrivateNamespace();

t.test('who is there, and how far away', async (t) => {
  const peers = ['id = 1', 'port = 7756', 'peer[] = 192.0.2.1', 'peer[] = 192.0.2.2', 'peer[] = 192.0.2.99'];
  const config = (own: number) => qdesConfig({ lab: peers.filter((line) => !line.endsWith(`.${own}`)) });
  const one = await QdesHost.start(t, 1, config(1));
  const two = await QdesHost.start(t, 2, config(2));
  await one.guest('lab');
  await two.guest('lab');
  const seen = async () => (await readSwitch(one.daemon.socket))._unsafeUnwrap()?.peers ?? [];
  await until(async () => (await seen()).some(({ roundTrip }) => roundTrip !== null && roundTrip > 0));
  const [near, far] = await seen();
  t.match(near, { network: 'lab', address: '192.0.2.2:7756', named: true, age: Number });
  t.match(far, { network: 'lab', address: '192.0.2.99:7756', named: true, age: null, roundTrip: null });
  const { stdout } = await fdbroker(['switch'], { env: { FDBROKER_SOCKET: one.daemon.socket } });
  t.match(stdout, /^192\.0\.2\.2:7756 +lab +\d+s +\d+\.\d\dms$/m);
  t.match(stdout, /^192\.0\.2\.99:7756 +lab +never +-$/m);
});

t.test('more hosts than there was room for at first', async (t) => {
  const port = 7757;
  const one = await QdesHost.start(t, 3, qdesConfig({ lab: ['id = 1', `port = ${port}`, 'group = 239.1.2.4'] }));
  const others = await QdesHost.start(t, 4, qdesConfig({ none: ['id = 2', 'group = 239.1.2.4'] }));
  await one.guest('lab');
  const addresses = [11, 12, 13, 14, 15, 16].map((last) => `192.0.2.${last}`);
  for (const at of addresses) {
    others.far.run(`ip address add ${at}/24 dev ${hostInterface}`);
    const peer = await DatagramPeer.start(t, others.far, { port, at, encoding: 'hex' });
    peer.send(message(helloType, new Uint8Array(stampSize), 1), '192.0.2.3', port);
  }
  const seen = async () => (await readSwitch(one.daemon.socket))._unsafeUnwrap()?.peers ?? [];
  await until(async () => (await seen()).length === addresses.length);
  const told = (await seen()).map(({ address }) => address).sort();
  t.same(told, addresses.map((address) => `${address}:${port}`).sort());
});
