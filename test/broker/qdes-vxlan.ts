/** A network of type qdes with encapsulation = vxlan, and the kernel's own vxlan device on another host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { DatagramPeer } from '../support/datagram-peer.js';
import { frameHost } from '../support/frame-host.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { hostInterface, type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const vxlan = ['encapsulation = vxlan'];
const config = qdesConfig({
  four: [...vxlan, 'id = 42', 'group = 239.1.2.3'],
  six: [...vxlan, 'id = 43', 'group = ff15::1:2'],
  named: [...vxlan, 'id = 44', 'port = 4790', 'peer[] = 192.0.2.2'],
});
const one = await QdesHost.start(t, 1, config);
// Its broker is asked for nothing
const { far } = await QdesHost.start(t, 2, config);
const third = await QdesHost.start(t, 3, config);
const dev = `dev ${hostInterface}`;
const devices = {
  four: `id 42 group 239.1.2.3 dstport 4789 ${dev}`,
  six: `id 43 group ff15::1:2 dstport 4789 ${dev}`,
  named: `id 44 remote 192.0.2.1 dstport 4790 ${dev}`,
};

/** A host that answers by the guest's end of a port. */
async function answer(guest: QdesGuest, address: string): Promise<void> {
  const child = spawn(process.execPath, [frameHost, '3', address], {
    stdio: ['ignore', 'pipe', 'inherit', guest.fd.fd],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
}

for (const [subnet, [network, device]] of Object.entries(devices).entries()) {
  const [ours, theirs] = [`10.9.${subnet}.1`, `10.9.${subnet}.2`];
  t.test(`${network}: the kernel's device and a guest of ours reach each other`, async (t) => {
    await answer(await one.guest(network), ours);
    far.run(`ip link add vx${subnet} type vxlan ${device}; ip link set vx${subnet} addrgenmode none up`);
    far.run(`ip address add ${theirs}/24 dev vx${subnet}`);
    const peer = await DatagramPeer.start(t, far, { port: 5000, at: theirs });
    const wire = third.watch(t);
    await until(() => {
      peer.send('there and back', ours, 6000);
      return peer.got.length > 0;
    });
    t.equal(peer.got[0], 'there and back');
    t.equal(wire.count(Buffer.from('there and back')), 0, 'the third host has none of it on its wire');
    const fdb = far.run(`bridge fdb show dev vx${subnet}`);
    t.match(fdb, /02:00:00:00:00:77 dst (192\.0\.2\.1|2001:db8::1|fe80:)/, 'the kernel has learned where it is');
    const near = await one.guest(network);
    near.say(frame(broadcast, station(1)));
    await until(() => far.run(`bridge fdb show dev vx${subnet}`).includes('02:00:00:00:00:01'));
    const received = () => JSON.parse(far.run(`ip -j -s link show vx${subnet}`))[0].stats64.rx.packets;
    const before = received();
    for (let i = 0; i < 100; i += 1) near.say(frame(broadcast, station(1), new Uint8Array(1000).fill(i)));
    await until(() => received() >= before + 100);
    near.fd.close();
  });
}
