/** Captures: frames on their way through a real broker and switch, as tcpdump and tshark read them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { ask, dataOf } from '../support/ask.js';
import { fdbrokerProcess, program } from '../support/fdbroker.js';
import { broadcast, frame, station, tagged } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { noNobody } from '../support/nobody.js';
import { name } from '../support/policy.js';
import { blocksOf, drain, hearAll, SwitchStage, say } from '../support/switch-stage.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

inPrivateNamespace();
// Root's would become another user, whom a user namespace of one does not have
const tcpdump = noNobody === false ? ['tcpdump'] : ['unshare', '--map-user=1', 'tcpdump'];
const folder = temporaryFolder(t);
const stage = await SwitchStage.start(t);
const [one, other, stranger] = [await stage.guest(), await stage.guest(), await stage.guest('other')];
// Both are learned, and nothing is on its way when a capture begins
say(other, frame(broadcast, station(2)));
await hearAll(one, 1);
say(one, frame(broadcast, station(1)));
await hearAll(other, 1);

function readBack(path: string, ...args: string[]) {
  const [command, ...rest] = [...tcpdump, '-r', path, ...args] as [string, ...string[]];
  return spawnSync(command, rest, { encoding: 'utf8' });
}

t.test('a network, as tcpdump reads it', async (t) => {
  const path = join(folder, 'lab.pcapng');
  const { ended, words } = await stage.capturing('lab', '-w', path, '--count', '3');
  const bytes = frame(
    broadcast,
    station(1),
    Uint8Array.from({ length: 80 }, (_, i) => i),
  );
  say(stranger, frame(broadcast, station(9)));
  say(one, bytes);
  say(other, tagged(7, frame(station(1), station(2))));
  say(one, frame(station(2), station(1)));
  t.equal(await ended, 0);
  t.equal(await words, 'fdbroker: capturing network lab; Ctrl-C ends\nfdbroker: 3 frames captured\n');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.same(blocksOf(readFileSync(path)), { packets: 3, interfaces: 3, statistics: 3 });
  const read = readBack(path, '-e', '-n', '-xx');
  t.equal(read.status, 0, read.stderr);
  t.match(read.stdout, /02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype IPv4 \(0x0800\), length 94/);
  t.match(read.stdout, /02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype 802.1Q \(0x8100\), length 64: vlan 7/);
  t.match(read.stdout, /0x0010: {2}0203 0405/);
  t.notMatch(read.stdout, /00:09 >/, 'nothing of another network');
  const fields = ['-T', 'fields', '-e', 'frame.interface_name', '-e', 'eth.src'];
  const shark = spawnSync('tshark', ['-r', path, ...fields], { encoding: 'utf8' });
  // Where it is installed
  if (shark.error === undefined) t.match(shark.stdout, new RegExp(`^${one.grant}\t02:00:00:00:00:01$`, 'm'));
  const year = new Date().getFullYear();
  t.match(readBack(path, '-tttt').stdout, new RegExp(`^${year}-`));
});

t.test('one port, both ways, to standard output, until Ctrl-C', async (t) => {
  const path = join(folder, 'port.pcapng');
  const { child, ended } = await stage.capturing('lab', '--port', other.grant, '-w', path);
  say(one, frame(station(2), station(1)));
  say(one, frame(station(77), station(1)));
  say(other, frame(station(1), station(2)));
  say(one, frame(station(1), station(1)));
  await until(() => blocksOf(readFileSync(path)).packets >= 3);
  child.kill('SIGINT');
  t.equal(await ended, 0);
  t.same(blocksOf(readFileSync(path)), { packets: 3, interfaces: 1, statistics: 0 }, 'and not one of another port');
  const piped = spawn(
    'sh',
    ['-c', `"$@" -w - | ${tcpdump.join(' ')} -r - -n -e -c 1`, 'sh', process.execPath, program, 'capture', 'lab'],
    {
      env: { ...process.env, ...stage.env },
    },
  );
  const said = text(piped.stdout);
  const over = once(piped, 'close');
  while (piped.exitCode === null) {
    say(one, frame(station(2), station(1)));
    await delay(50);
  }
  await over;
  t.match(await said, /02:00:00:00:00:01 > 02:00:00:00:00:02/);
});

t.test('who may is told so beforehand', async (t) => {
  const networks = dataOf(await ask(stage.daemon.socket, { verb: 'networks' }));
  const may = networks.map(({ name, capture }) => [name, capture]);
  t.same(
    new Map(may as [string, boolean][]),
    new Map([
      ['lab', true],
      ['lan', false],
      ['other', false],
    ]),
  );
});

t.test('it ends with its time, and with its port', async (t) => {
  const quick = await fdbrokerProcess(['capture', 'lab', '-w', join(folder, 'quick'), '--seconds', '1'], stage.env);
  t.match(quick, { status: 0, stderr: /0 frames captured/ });
  const short = await stage.guest();
  const { ended, words } = await stage.capturing('lab', '--port', short.grant, '-w', join(folder, 'short'));
  say(short, frame(broadcast, station(5)));
  short.fd.close();
  t.equal(await ended, 0);
  t.match(await words, /1 frame captured/);
});

t.test('a reader that stops loses frames of its own alone, and is told how many', async (t) => {
  const path = join(folder, 'slow.pcapng');
  const { child, ended, words } = await stage.capturing('lab', '-w', path, '--seconds', '6');
  child.kill('SIGSTOP');
  drain(other);
  const large = frame(station(2), station(1), new Uint8Array(1400));
  const [rounds, burst] = [240, 50];
  const sent = rounds * burst;
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < burst; i += 1) say(one, large);
    await hearAll(other, burst);
  }
  child.kill('SIGCONT');
  t.equal(await ended, 0);
  const [, frames = 0, lost = 0] = /(\d+) frames captured, (\d+) frames lost/.exec(await words)?.map(Number) ?? [];
  t.equal(frames + lost, sent);
  t.equal(blocksOf(readFileSync(path)).packets, frames);
});

t.test('so many at once, and no more', async (t) => {
  const asked = await Promise.all(
    Array.from({ length: 4 }, () =>
      ask(stage.daemon.socket, { verb: 'capture', network: name('lab'), bounds: { seconds: 30 } }),
    ),
  );
  const readers = asked.map(({ fds: [fd] }) => readerOf(fd as OwnedFd));
  const answers = await Promise.all(readers.map(firstLine));
  for (const reader of readers) reader.destroy();
  const refused = answers.filter((bytes) => bytes.startsWith('{"tell":"refused"'));
  t.match(refused, [/you have 2 captures under way, which is the most: end one/, /you have 2 captures/]);
  t.equal(refused.length, 2);
  // A reader that is gone ends its capture
  await until(async () => {
    const { fds } = await ask(stage.daemon.socket, { verb: 'capture', network: name('lab'), bounds: { seconds: 30 } });
    const reader = readerOf(fds[0] as OwnedFd);
    const line = await firstLine(reader);
    reader.destroy();
    return !line.startsWith('{');
  });
});

const readerOf = (fd: OwnedFd) => new Socket({ fd: fd.release(), readable: true, writable: false });

async function firstLine(reader: Socket): Promise<string> {
  const [bytes] = (await once(reader, 'data')) as [Buffer];
  return bytes.toString();
}
