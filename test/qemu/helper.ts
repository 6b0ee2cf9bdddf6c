/** A guest gets its network through the helper, in each way QEMU has of running one. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { alice, Host, missingUsers, prepareHost } from '../support/host.js';
import { sh } from '../support/namespace.js';

prepareHost();
const host = await Host.start(t);
const root = await host.guest();
await root.configure('10.0.0.2/24');

t.test('-netdev tap,helper= gives a guest the host and the host a port', async (t) => {
  t.equal(await root.ping('10.0.0.1'), 3);
  const [port, ...others] = await host.portsOf(root.pid);
  t.match(port, { uid: 0, network: 'lan', form: 'tap', state: 'up', holderName: 'qemu-system-x86' });
  t.same(others, []);
  t.match(await host.audited({ event: 'granted' }), { network: 'lan', ifname: port?.ifname, holder: root.pid });
  t.match(sh(`ip -d link show ${port?.ifname}`), /master br0 .*tun type tap .*vnet_hdr on/s);
});

const forms = [
  { name: '-netdev bridge,helper=', netdev: `bridge,helper=${host.helper},br=lan` },
  { name: 'sh -c', netdev: `tap,helper=${host.helper} --network=lan` },
  { name: 'sh -c with an address', netdev: `tap,helper=${host.helper} --network=lan --mac=52:54:00:00:00:77` },
];
for (const { name, netdev } of forms) {
  t.test(name, async (t) => {
    await using guest = await host.guest({ nics: [{ netdev }] });
    await guest.configure('10.0.0.3/24');
    t.equal(await guest.ping('10.0.0.2'), 3);
    t.equal((await host.portsOf(guest.pid)).length, 1, 'QEMU is the holder');
  });
}

t.test('a user without any capability', { skip: missingUsers() ?? false }, async (t) => {
  await using guest = await host.guest({ user: alice });
  const fields = ['Uid', 'Groups', 'CapPrm', 'CapBnd', 'NoNewPrivs'].map((name) => statusField(guest.pid, name));
  t.same(fields, ['20001\t20001\t20001\t20001', '', '0000000000000000', '0000000000000000', '1']);
  await guest.configure('10.0.0.3/24');
  t.equal(await guest.ping('10.0.0.2'), 3);
  t.match(await host.portsOf(guest.pid), [{ uid: alice.uid, gid: alice.gid }]);
});

/** From proc(5), /proc/PID/status. */
function statusField(pid: number, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.trim();
}
