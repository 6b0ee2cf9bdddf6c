/** vnet_hdr at work: guests leave checksums and segments to the host, and what they send arrives unchanged. */
import t from 'tap';
import { Host, prepareHost } from '../support/host.js';
import { shJson } from '../support/namespace.js';
import { transfer } from '../support/transfer.js';

prepareHost();
const host = await Host.start(t);
const [sender, receiver] = await Promise.all([host.guest(), host.guest()]);
await sender.configure('10.0.0.2/24');
await receiver.configure('10.0.0.3/24');

/** Bits of virtio-net's features, as linux/virtio_net.h numbers them. */
const features = { csum: 0, guestCsum: 1, guestTso4: 7, guestTso6: 8, hostTso4: 11, hostTso6: 12 };

t.test('the guest was offered the offloads', async (t) => {
  const bits = await sender.must('cat /sys/class/net/eth0/device/features');
  for (const [name, bit] of Object.entries(features)) t.equal(bits[bit], '1', name);
});

t.test('20 MB of TCP from guest to guest, and back', async (t) => {
  const [port] = await host.portsOf(sender.pid);
  const before = received(port?.ifname ?? undefined);
  await transfer(t, sender, receiver, '10.0.0.3');
  const after = received(port?.ifname ?? undefined);
  const size = (after.bytes - before.bytes) / (after.packets - before.packets);
  t.ok(size > 1514, `the guest sent ${Math.round(size)} bytes at a time`);
  await transfer(t, receiver, sender, '10.0.0.2');
});

/** What the host received from a tap. */
function received(ifname: string | undefined): { bytes: number; packets: number } {
  return shJson(`ip -s -j link show dev ${ifname}`)[0].stats64.rx;
}
