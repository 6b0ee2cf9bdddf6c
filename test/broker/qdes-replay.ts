/** Sealed datagrams that are recorded on the wire, byte for byte, and put there again, later and from where they came. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { headerSize } from '../../src/switch/qdes/header.js';
import { sealSize } from '../../src/switchd/qdes-seal.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { heardBy } from '../support/qdes-forger.js';
import { type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { Injector } from '../support/raw-datagrams.js';
import { portSeen, seenBy } from '../support/seen-ports.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const keys = { 1: '1a'.repeat(32), 2: '1a'.repeat(32), 3: '3c'.repeat(32) };
const start = async (n: 1 | 2 | 3) => {
  const host = await QdesHost.start(t, n, '');
  const file = join(host.daemon.folder, 'etc/lab.key');
  writeFileSync(file, `${keys[n]}\n`, { mode: 0o600 });
  host.daemon.write(qdesConfig({ lab: ['id = 1', 'group = 239.1.2.3', `key-file = ${file}`] }));
  await host.daemon.kill();
  await host.startBroker();
  return host;
};
const [one, two, three] = [await start(1), await start(2), await start(3)];
const { socket } = two.daemon;
const player = new Injector(t, 'wire2');
const wire = one.watch(t);
const payload = (text: string) => new Uint8Array(Buffer.from(text.padEnd(46)));
const drops = async (reason: string) => (await portSeen(socket, 'lab')).drops[reason] ?? 0;

/** Behind headers of Ethernet, IPv4 and UDP. */
const [sumAt, bodyAt] = [14 + 20 + 6, 14 + 20 + 8];
const hexOf = (address: string) => Buffer.from(address.split('.').map(Number)).toString('hex');
const [own, ways] = [hexOf('192.0.2.1'), ['192.0.2.2', '239.1.2.3'].map(hexOf)];
/** All that the first host has sent so far to the second, or to all, with no checksum of UDP: the kernel leaves these to the wire. */
function recorded(): Uint8Array[] {
  const addressed = wire
    .packets()
    .filter((packet) => packet.slice(2 * 26, 2 * 30) === own && ways.includes(packet.slice(2 * 30, 2 * 34)));
  const sealed = addressed.filter((packet) => packet.slice(2 * bodyAt, 2 * bodyAt + 4) === '1001');
  // Several that the kernel is to cut lie there in one; the largest of one is a small frame
  const single = sealed.filter((packet) => packet.length / 2 <= bodyAt + headerSize + sealSize + 60);
  return single.map((packet) => {
    const bytes = Buffer.from(packet, 'hex');
    bytes.writeUInt16BE(0, sumAt);
    return bytes;
  });
}

const times = (guest: QdesGuest, bytes: Uint8Array) => {
  guest.heard(bytes);
  return guest.got.filter((text) => text === Buffer.from(bytes).toString('hex')).length;
};

const [a, b, stranger] = [await one.guest('lab'), await two.guest('lab'), await three.guest('lab')];
await heardBy(b, a, frame(broadcast, station(1), payload('one')));
await heardBy(a, b, frame(station(1), station(3), payload('two')));

/** Says twenty frames that are heard. */
async function speak(word: string): Promise<Uint8Array[]> {
  const said: Uint8Array[] = [];
  for (let i = 0; i < 20; i += 1) {
    const bytes = frame(i % 2 === 0 ? broadcast : station(3), station(1), payload(`${word} ${i}`));
    await heardBy(b, a, bytes);
    said.push(bytes);
  }
  return said;
}

const said = await speak('recorded');
const tape = recorded();

t.test('again, from the same addresses, in any order', async (t) => {
  t.ok(tape.length > said.length / 2, `${tape.length} are on the tape`);
  const before = said.map((bytes) => times(b, bytes));
  const [replayed, { moves, addresses }] = [await drops('replayed'), await portSeen(socket, 'lab')];
  let played = 0;
  for (const again of [tape, [...tape].reverse(), tape]) {
    t.equal(player.send(again), again.length);
    played += again.length;
    await until(async () => (await drops('replayed')) >= replayed + played);
  }
  await heardBy(b, a, frame(station(3), station(1), payload('and goes on')));
  t.equal(await drops('replayed'), replayed + played, 'each is counted');
  t.same(
    said.map((bytes) => times(b, bytes)),
    before,
    'and none is heard again',
  );
  t.match(await portSeen(socket, 'lab'), { moves, addresses });
});

t.test('spoiled, in any of their bytes', async (t) => {
  const before = await drops('unverified');
  const spoiled = tape.flatMap((bytes, i) =>
    // The id is whose network it is, so that with another it is nobody's
    [1, 4, 8, 16, 24, 40, bytes.length - bodyAt - 1].map((at) => {
      const other = Buffer.from(bytes);
      other[bodyAt + at] = (other[bodyAt + at] as number) ^ (1 << (i % 8));
      return other;
    }),
  );
  for (let i = 0; i < spoiled.length; i += 20) {
    const some = spoiled.slice(i, i + 20);
    player.send(some);
    await until(async () => (await drops('unverified')) >= before + i + some.length);
  }
  t.equal(await drops('unverified'), before + spoiled.length);
});

t.test('a host with another key', async (t) => {
  const before = await drops('unverified');
  const lie = frame(broadcast, station(1), payload('a lie'));
  for (let i = 0; i < 20; i += 1) stranger.say(lie);
  await until(async () => (await drops('unverified')) >= before + 20);
  t.equal(times(b, lie), 0);
  t.match((await seenBy(socket)).peers, [{ address: '192.0.2.1:7755' }], 'it is no host of the network');
  t.equal((await portSeen(socket, 'lab')).moves, 0);
});

t.test('to a switch that has just started, which knows nobody yet', async (t) => {
  const { pid } = (await seenBy(socket)).switch;
  const before = said.map((bytes) => times(b, bytes));
  process.kill(pid, 'SIGKILL');
  await until(async () => {
    player.send(tape);
    return (await seenBy(socket)).switch.pid !== pid && (await drops('replayed')) >= tape.length;
  });
  await heardBy(b, a, frame(broadcast, station(1), payload('known again')));
  player.send(tape);
  await heardBy(b, a, frame(station(3), station(1), payload('and goes on')));
  await heardBy(a, b, frame(station(1), station(3), payload('and goes on')));
  t.same(
    said.map((bytes) => times(b, bytes)),
    before,
    'nothing of before is heard',
  );
});

t.test('when their sender has gone', async (t) => {
  a.fd.close();
  await until(async () => (await seenBy(socket)).peers.length === 0);
  const age = async () => (await seenBy(socket)).addresses.find(({ address }) => address === '02:00:00:00:00:01')?.age;
  await until(async () => ((await age()) ?? 0) >= 2);
  const [replayed, before] = [await drops('replayed'), said.map((bytes) => times(b, bytes))];
  player.send(tape);
  await until(async () => (await drops('replayed')) > replayed);
  t.same((await seenBy(socket)).peers, []);
  t.ok(((await age()) ?? 2) >= 2, 'nothing is learned of them');
  t.same(
    said.map((bytes) => times(b, bytes)),
    before,
  );
});
