/**
 * Real guests on packet networks by fdbroker exec, the helper and attach: they reach each other and the wire's far end, which is the kernel's own
 * network stack on a veth with all offloads; one network is in a VLAN of that wire.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { brokerConfig } from '../support/broker-config.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { FarEnd } from '../support/far-end.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { faultOf } from '../support/frame-fault.js';
import type { Guest } from '../support/guest.js';
import { Host, prepareHost } from '../support/host.js';
import { switchPids } from '../support/switch-pids.js';
import { transfer } from '../support/transfer.js';
import { until } from '../support/until.js';

prepareHost();
const far = await FarEnd.make(t);
far.addWire('wire0', 1);
const wire = { type: 'packet', interface: 'wire0' };
const host = await Host.start(t, brokerConfig({ networks: { wire, tagged: { ...wire, vlan: 7 } } }));
const launcher = [process.execPath, join(copyBuild(t, programParts), 'src/bin/fdbroker.js'), 'exec', '--'];
const { folder } = host.daemon;
const dumps = ['dgram', 'stream'].map((form) => join(folder, form));
const guestOn = (form: string) => {
  const nics = ['wire', 'tagged'].map((network) => ({ netdev: `fdbroker,network=${network},form=${form}` }));
  const byHelper = { netdev: `tap,helper=${host.helper} --network=wire` };
  const dump = ['-object', `filter-dump,id=dump,netdev=net0,file=${join(folder, form)}`];
  const monitor = ['-qmp', `unix:${join(folder, `qmp-${form}`)},server=on,wait=off`];
  // What is transferred lies in the guests' memory
  return host.guest({ nics: [...nics, byHelper], launcher, memory: 256, extra: [...dump, ...monitor] });
};
const [one, other] = await Promise.all([guestOn('dgram'), guestOn('stream')]);
const guests = [one, other] as const;
for (const [i, guest] of guests.entries()) {
  await guest.configure(`10.1.0.${11 + i}/24`);
  await guest.must(`ip address add fd00:1::${11 + i}/64 dev eth0`);
  await guest.configure(`10.7.0.${11 + i}/24`, 'eth1');
}

t.test('they reach each other and the far end, and not the host', async (t) => {
  t.equal(await one.ping('10.1.0.12'), 3);
  t.equal(await other.ping('10.1.0.2'), 3);
  // After the address is known to be nobody else's
  await until(async () => (await one.ping('fd00:1::2')) === 3);
  t.equal(await one.ping('10.1.0.1'), 0, 'the host’s own address on the interface');
  t.equal(await one.ping('10.7.0.12'), 3, 'in the VLAN');
  t.match(await host.ports(), new Array(6).fill({ mtu: 1500 }));
});

t.test('by the helper, and by attach while they run', async (t) => {
  t.same((await host.portsOf(other.pid)).map(({ form }) => form).sort(), ['stream', 'stream', 'tap']);
  await one.must('ip address add 10.1.2.11/24 dev eth0');
  await other.configure('10.1.2.12/24', 'eth2');
  t.equal(await other.ping('10.1.2.11'), 3, 'by the helper');
  const run = (...words: string[]) => fdbrokerProcess(words, { FDBROKER_SOCKET: host.daemon.socket });
  const monitor = join(folder, 'qmp-stream');
  const device = ['--network=wire', '--id=plugged', '--device=virtio-net-pci'];
  t.match(await run('attach', monitor, ...device), { status: 0, stderr: '' });
  await other.must('until [ -e /sys/class/net/eth3 ]; do sleep 0.1; done');
  await other.must('ip address del 10.1.2.12/24 dev eth2');
  await other.configure('10.1.2.13/24', 'eth3');
  t.equal(await other.ping('10.1.2.11'), 3, 'by attach');
  t.equal(await other.ping('10.1.0.2'), 3, 'and as before');
  t.match(await run('detach', monitor, '--id=plugged'), { status: 0, stderr: '' });
  await until(async () => (await host.ports()).length === 6);
});

const file = join(folder, 'file');
const bytes = 20_000_000;

function socat(t: Test, ...words: string[]): Promise<unknown[]> {
  const [program = '', ...args] = [...far.enter, 'socat', '-u', ...words];
  const child = spawn(program, args, { stdio: 'inherit' });
  t.teardown(() => child.kill('SIGKILL'));
  return once(child, 'exit');
}
const md5 = (guest: Guest, name: string) => guest.must(`md5sum <${name} | cut -d" " -f1`);
const md5OfFile = () => createHash('md5').update(readFileSync(file)).digest('hex');

t.test('20 MB to the far end, and back', async (t) => {
  for (const guest of guests) {
    const ended = socat(t, 'TCP-LISTEN:5000,reuseaddr', `CREATE:${file}`);
    await until(() => far.run('ss -Hlnt').includes(':5000 '));
    await guest.must(`head -c ${bytes} /dev/urandom >/tmp/sent; nc 10.1.0.2 5000 </tmp/sent`, 180);
    await ended;
    t.equal(md5OfFile(), await md5(guest, '/tmp/sent'), 'to the far end');
    await guest.must('rm /tmp/sent');
  }
  for (const [i, guest] of guests.entries()) {
    writeFileSync(file, randomBytes(bytes));
    await guest.must(
      'sleep 600 | nc -l -p 5000 >/tmp/received & until netstat -lnt | grep -q :5000; do sleep 0.1; done',
    );
    t.same(await socat(t, `OPEN:${file}`, `TCP:10.1.0.${11 + i}:5000`), [0, null]);
    await guest.must('while pidof nc; do sleep 0.1; done', 180);
    t.equal(await md5(guest, '/tmp/received'), md5OfFile(), 'from the far end');
    await guest.must('rm /tmp/received');
  }
});

t.test('20 MB between them', async (t) => {
  await transfer(t, one, other, '10.1.0.12');
  await transfer(t, other, one, '10.7.0.11');
});

t.test('a switch that is killed', async (t) => {
  const [first = 0] = switchPids(host.daemon.socket);
  process.kill(first, 'SIGKILL');
  await until(async () => (await one.ping('10.1.0.2')) === 3 && (await one.ping('10.7.0.12')) === 3);
  t.not(switchPids(host.daemon.socket)[0], first, 'another carries on');
});

t.test('every frame was right', async (t) => {
  await Promise.all(guests.map((guest) => guest.quit()));
  for (const dump of dumps) {
    const frames = framesOf(readFileSync(dump));
    t.ok(frames.length > 30_000, `${frames.length} frames`);
    t.same(
      frames.map((frame) => faultOf(frame, 1500)).filter((fault) => fault !== undefined),
      [],
    );
  }
});

/** Of a file of pcap in this host's byte order. */
function framesOf(pcap: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 24; at < pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8);
    frames.push(pcap.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}
