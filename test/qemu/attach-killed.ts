/** `fdbroker attach` killed on its way: the next one finds what it left in QEMU and closes it. */
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { grantedTaps } from '../support/granted-taps.js';
import { Host, prepareHost } from '../support/host.js';
import { randomMoments } from '../support/random-moments.js';

prepareHost();
const host = await Host.start(t);
const monitor = join(host.daemon.folder, 'qmp');
const guest = await host.guest({ nics: [], extra: ['-qmp', `unix:${monitor},server=on,wait=off`] });
const env = { FDBROKER_SOCKET: host.daemon.socket };

const words = (id: string) => ['attach', monitor, '--network=lan', `--id=${id}`, '--device=virtio-net-pci'];
const detach = (id: string) => fdbrokerProcess(['detach', monitor, `--id=${id}`, '--timeout=60'], env);

/** What QEMU has open, whatever it is. */
function descriptors(): string[] {
  const folder = `/proc/${guest.pid}/fd`;
  return readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
}
const taps = () => descriptors().filter((target) => target === '/dev/net/tun').length;
const before = descriptors().length;

t.test('killed at 20 moments of its life, and the next attach leaves nothing', async (t) => {
  const start = performance.now();
  t.match(await fdbrokerProcess(words('k'), env), { status: 0 });
  const life = performance.now() - start;
  t.match(await detach('k'), { status: 0 });
  let came = 0;
  for (const moment of randomMoments(t, 20, life)) {
    const killed = await fdbrokerProcess(words('k'), env, (child) => {
      setTimeout(() => child.kill('SIGKILL'), moment);
    });
    // Whatever had been reached: nothing, a descriptor in the monitor, a netdev, a device
    t.match(await fdbrokerProcess(words('next'), env), { status: 0, stderr: '' });
    const attached = await detach('k');
    if (killed.status === 0) t.equal(attached.status, 0, 'it was not killed in time');
    if (attached.status === 0) came++;
    else t.equal(attached.stderr, 'fdbroker: QEMU refuses: it has no netdev k\n');
    await until(async () => (await host.ports()).length === 1 && grantedTaps().length === 1);
    t.equal(grantedTaps().length, 1);
    t.equal(taps(), 1, 'of the grant in force, and no other');
    t.match(await detach('next'), { status: 0 });
    await until(async () => (await host.ports()).length === 0 && grantedTaps().length === 0);
    t.same(grantedTaps(), []);
    // QEMU closes a monitor's connection when it gets round to it
    await until(() => descriptors().length === before);
    t.equal(descriptors().length, before);
  }
  t.comment(`${came} of 20 had their network in place`);
});
