/** Guests on networks of UDP and TCP: one has what the broker handed out, the other QEMU's own end of it. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Form } from '../../src/core/form.js';
import type { Reply } from '../../src/protocol/reply.js';
import { ask } from '../support/ask.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { until } from '../support/daemon.js';
import { inherited } from '../support/guest/qemu-command.js';
import type { Guest } from '../support/guest.js';
import { Host, prepareHost } from '../support/host.js';
import { name } from '../support/policy.js';

prepareHost();
const names = ['frames', 'far', 'near', 'wait'];
const host = await Host.start(
  t,
  `[network frames]
type = udp
local = 127.0.0.1:7001
remote = 127.0.0.1:7002
[network far]
type = tcp
connect = 127.0.0.1:7011
[network wait]
type = tcp
listen = 127.0.0.1:7021
[network near]
type = tcp
listen = 127.0.0.1:7011
[rule all]
effect = allow
user[] = *
${names.map((one) => `network[] = ${one}\n`).join('')}`,
);

const fd = String(inherited.first);

/** A guest that inherits what the broker handed out to this process. */
async function guestOn(
  network: string,
  form: Form,
  netdev: string,
): Promise<{ guest: Guest; reply: Reply | undefined }> {
  const { reply, fds } = await ask(host.daemon.socket, {
    ...{ verb: 'open', network: name(network), form, vnetHdr: false },
  });
  const [socket] = fds;
  if (socket === undefined) throw new Error(`no socket: ${JSON.stringify(reply)}`);
  const guest = await host.guest({ nics: [{ netdev }], fds: [socket.fd] });
  socket.close();
  return { guest, reply };
}

async function reachEachOther(t: Test, one: Guest, other: Guest): Promise<void> {
  await one.configure('10.7.0.1/24');
  await other.configure('10.7.0.2/24');
  t.equal(await one.ping('10.7.0.2'), 3);
  t.equal(await other.ping('10.7.0.1'), 3);
  await Promise.all([one.kill(), other.kill()]);
}

const server = (reply: Reply | undefined) => reply?.status === 'ok' && reply.fields.get('server');

t.test('UDP: -netdev dgram, with -netdev dgram at the far end', async (t) => {
  const ours = guestOn('frames', 'dgram', `dgram,local.type=fd,local.str=${fd}`);
  const ends = ['local.type=inet,local.host=127.0.0.1,local.port=7002', 'remote.type=inet,remote.host=127.0.0.1'];
  const far = host.guest({ nics: [{ netdev: `dgram,${ends.join(',')},remote.port=7001` }] });
  await reachEachOther(t, (await ours).guest, await far);
});

t.test('TCP that connects: -netdev stream, with a listening -netdev stream at the far end', async (t) => {
  const far = await host.guest({
    nics: [{ netdev: 'stream,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=7011' }],
  });
  const { guest, reply } = await guestOn('far', 'stream', `stream,server=off,addr.type=fd,addr.str=${fd}`);
  t.equal(server(reply), 'no');
  await reachEachOther(t, guest, far);
});

t.test('TCP that listens: -netdev stream,server=on, with -netdev socket,connect= at the far end', async (t) => {
  const { guest, reply } = await guestOn('wait', 'stream', `stream,server=on,addr.type=fd,addr.str=${fd}`);
  t.equal(server(reply), 'yes');
  const far = await host.guest({ nics: [{ netdev: 'socket,connect=127.0.0.1:7021' }] });
  await reachEachOther(t, guest, far);
});

t.test('by `fdbroker exec`: the grants are of QEMU, and end with it', async (t) => {
  const launcher = [process.execPath, join(copyBuild(t, programParts), 'src/bin/fdbroker.js'), 'exec', '--'];
  const start = (network: string) => {
    const extra = ['-netdev', `fdbroker,id=n0,network=${network}`, '-device', 'virtio-net-pci,netdev=n0,romfile='];
    return host.guest({ nics: [], launcher, extra });
  };
  for (const row of await host.ports()) await ask(host.daemon.socket, { verb: 'release', grant: row.grant as never });
  // Both ends by the broker: one listens when the other connects
  const one = await start('near');
  const other = await start('far');
  const [port, ...others] = await host.portsOf(one.pid);
  t.match(port, { network: 'near', form: 'stream', ifname: null, holderName: 'qemu-system-x86' });
  t.same(others, []);
  t.equal((await other.must('cat /sys/class/net/eth0/address')).trim(), (await host.portsOf(other.pid))[0]?.mac);
  await reachEachOther(t, one, other);
  t.match(await host.audited({ event: 'ended', grant: port?.grant }), { reason: 'its holder has ended' });
  const frames = await start('frames');
  t.match(await host.portsOf(frames.pid), [{ network: 'frames', form: 'dgram' }]);
  await frames.kill();
  await until(async () => (await host.ports()).length === 0);
});
