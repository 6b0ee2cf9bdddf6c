/** Networks of type qdes with keys, on hosts that have them, and on one that has others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { reloadConfig } from '../../src/client/verbs.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';

inPrivateNamespace();
const [old, next, wrong] = ['1a'.repeat(32), '2b'.repeat(32), '3c'.repeat(32)];
const numbers = [1, 2, 3] as const;
/** What each host has in its file, in order. */
const keys = { 1: [old, next], 2: [next, old], 3: [wrong] };
const hosts = await Promise.all(
  numbers.map(async (n) => {
    const host = await QdesHost.start(t, n, '');
    const file = join(host.daemon.folder, 'etc/lab.key');
    writeFileSync(file, `${keys[n].join('\n')}\n`, { mode: 0o600 });
    const sealed = ['port = 7756', 'id = 1', 'group = 239.1.2.3', `key-file = ${file}`];
    host.daemon.write(qdesConfig({ sealed }));
    await host.daemon.kill();
    await host.startBroker();
    return host;
  }),
);
const [one, two, three] = hosts as [QdesHost, QdesHost, QdesHost];
const payload = (text: string) => new Uint8Array(Buffer.from(text.padEnd(46)));

async function heard(by: QdesGuest, from: QdesGuest, bytes: Uint8Array): Promise<void> {
  for (let tries = 0; !by.heard(bytes); tries += 1) {
    if (tries % 10 === 0) from.say(bytes);
    await delay(10);
  }
}

const times = (guest: QdesGuest, bytes: Uint8Array) =>
  guest.got.filter((one) => one === Buffer.from(bytes).toString('hex')).length;

t.test('hosts that have a key in common hear each other, and nobody else hears or is heard', async (t) => {
  const wire = two.watch(t);
  const [a, b, stranger] = [await one.guest('sealed'), await two.guest('sealed'), await three.guest('sealed')];
  const hello = frame(broadcast, station(1), payload('nobody reads this'));
  await heard(b, a, hello);
  await heard(a, b, frame(station(1), station(2), payload('nor that')));
  const lie = frame(broadcast, station(2), payload('a lie'));
  for (let i = 0; i < 20; i += 1) {
    stranger.say(lie);
    a.say(hello);
    await delay(10);
  }
  t.notOk(stranger.heard(hello));
  t.notOk(a.heard(lie) || b.heard(lie));
  t.equal(wire.count(Buffer.from('nobody reads this')), 0);
  t.equal(wire.count(Buffer.from('a lie')), 0);

  const once = frame(station(2), station(1), payload('said once'));
  a.say(once);
  while (!b.heard(once)) await delay(10);
  // Ethernet's header, IP's and UDP's
  const recorded = wire.packets().map((packet) => packet.slice(2 * 42));
  t.ok(recorded.filter((text) => text.startsWith('1001')).length > 3, 'sealed frames are recorded');
  for (const host of [one, three]) {
    const player = await DatagramPeer.start(t, host.far, { port: 50_000, encoding: 'hex' });
    for (const text of recorded) player.send(text, '192.0.2.2', 7756);
    player.send(`10000001c0ffee01${Buffer.from(lie).toString('hex')}`, '192.0.2.2', 7756);
  }
  await heard(b, a, frame(station(2), station(1), payload('and goes on')));
  await delay(100);
  t.notOk(b.heard(lie), 'nothing without a seal is heard');
  t.equal(times(b, once), 1, 'nor what is played again');
  for (const guest of [a, b, stranger]) guest.fd.close();
});

t.test('a switch that starts again is believed when it has answered', async (t) => {
  const [a, b] = [await one.guest('sealed'), await two.guest('sealed')];
  await heard(b, a, frame(broadcast, station(1), payload('before')));
  a.fd.close();
  const again = await one.guest('sealed');
  await heard(b, again, frame(broadcast, station(1), payload('after')));
  await heard(again, b, frame(station(1), station(2), payload('back')));
  t.pass('both ways');
  again.fd.close();
  b.fd.close();
});

t.test('keys are changed by a reload, and those that cannot be used are told while the ones before stay', async (t) => {
  const file = join(three.daemon.folder, 'etc/lab.key');
  const reload = async () => (await reloadConfig(three.daemon.socket))._unsafeUnwrap().unusable;
  const [a, stranger] = [await one.guest('sealed'), await three.guest('sealed')];
  writeFileSync(file, `# the first\n${old}x\n`);
  t.match(await reload(), [
    /fdbroker\.ini:\d+: \[network sealed\] key-file: .*lab\.key:2: is no key.*; the keys before stay in use$/,
  ]);
  writeFileSync(file, `${old}\n`);
  t.same(await reload(), []);
  await heard(stranger, a, frame(broadcast, station(1), payload('for who has the key')));
  await heard(a, stranger, frame(broadcast, station(3), payload('and back')));
  a.fd.close();
  stranger.fd.close();
});
