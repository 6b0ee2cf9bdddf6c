/** `fdbroker attach` killed on its way: what it left in QEMU is found and closed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { Host, prepareHost } from '../support/host.js';

prepareHost();
const host = await Host.start(t);
const monitor = join(host.daemon.folder, 'qmp');
const guest = await host.guest({ nics: [], extra: ['-qmp', `unix:${monitor},server=on,wait=off`] });
const env = { FDBROKER_SOCKET: host.daemon.socket };
const descriptors = () => readdirSync(`/proc/${guest.pid}/fd`).length;

const words = ['attach', monitor, '--network=lan', '--id=k', '--device=virtio-net-pci'];
const attach = () => fdbrokerProcess(words, env);
const detach = () => fdbrokerProcess(['detach', monitor, '--id=k', '--timeout=60'], env);
const before = descriptors();

t.test('killed at any moment, and the next detach or attach leaves nothing', async (t) => {
  for (let round = 0; round < 8; round++) {
    await fdbrokerProcess(words, env, (child) => {
      setTimeout(() => child.kill('SIGKILL'), 60 + 12 * round);
    });
    // Whatever had been reached: nothing, a descriptor in the monitor, a netdev, a device
    await detach();
    t.match(await attach(), { status: 0, stderr: '' });
    t.equal((await host.ports()).length, 1);
    t.match(await detach(), { status: 0 });
    await until(async () => (await host.ports()).length === 0);
    t.equal(descriptors(), before);
  }
});
