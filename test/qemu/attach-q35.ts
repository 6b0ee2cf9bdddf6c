/** A machine whose own bus takes no device while it runs: `fdbroker attach` finds a port, or says what is missing. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { Host, prepareHost } from '../support/host.js';

prepareHost();
const host = await Host.start(t);
const env = { FDBROKER_SOCKET: host.daemon.socket };

/** Stands still before its first instruction. @returns its monitor's socket. */
async function machine(t: Test, name: string, ...ports: string[]): Promise<string> {
  const path = join(host.daemon.folder, name);
  const plain = [
    '-M',
    'q35,accel=tcg',
    '-nodefaults',
    '-display',
    'none',
    '-S',
    '-qmp',
    `unix:${path},server=on,wait=off`,
  ];
  const child = spawn('qemu-system-x86_64', [...plain, ...ports], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await until(() => existsSync(path));
  return path;
}

const attach = (path: string, id: string) =>
  fdbrokerProcess(['attach', path, '--network=lan', `--id=${id}`, '--device=virtio-net-pci'], env);

t.test('ports with an id, one device each', async (t) => {
  const port = (id: string, chassis: number) => ['-device', `pcie-root-port,id=${id},chassis=${chassis}`];
  const path = await machine(t, 'with', ...port('rp0', 1), ...port('rp1', 2), '-device', 'pcie-root-port,chassis=3');
  t.match(await attach(path, 'a'), { status: 0, stdout: /, on rp0\n$/ });
  t.match(await attach(path, 'b'), { status: 0, stdout: /, on rp1\n$/ });
  const full = await attach(path, 'c');
  t.match(full, { status: 1, stderr: /hotplugging, and there is no empty pcie-root-port with an id; start QEMU with/ });
  await until(async () => (await host.ports()).length === 2);
});

t.test('no ports', async (t) => {
  const path = await machine(t, 'without');
  t.match(await attach(path, 'a'), { status: 1, stdout: '', stderr: /there is no empty pcie-root-port/ });
  await until(async () => (await host.ports()).length === 0);
});
