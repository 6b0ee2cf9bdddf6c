/** The verbs switch and capture: a real broker and switch, guests' ends, users of all kinds, and what tcpdump reads. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { readSwitch, type SwitchReport } from '../../src/client/inspect.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { BlockReader, blockTypes } from '../../src/protocol/pcapng.js';
import type { Request } from '../../src/protocol/request.js';
import { ask } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { fdbroker, fdbrokerProcess, program } from '../support/fdbroker.js';
import { broadcast, frame, station, tagged } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { temporaryFolder } from '../support/temporary.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip address add 192.0.2.1/24 dev here');

const folder = temporaryFolder(t);
const network = (named: string, group: string) =>
  `[network ${named}]\ntype = multicast\ngroup = ${group}\nport = 5000\ninterface = here\nloop = yes\n`;
const rules = (networks: string, more = '') =>
  `effect = allow\nuser[] = *\n${networks
    .split(' ')
    .map((one) => `network[] = ${one}\n`)
    .join('')}${more}`;
const daemon = new Daemon(
  t,
  `${network('lab', '239.1.2.3')}${network('other', '239.1.2.4')}[network lan]\ntype = bridge\nbridge = br0\n` +
    `[rule all]\n${rules('lab other lan')}[rule seeing]\n${rules('lab lan', 'capture = yes\n')}`,
);
await daemon.start();
const env = { FDBROKER_SOCKET: daemon.socket };

interface Guest {
  readonly fd: OwnedFd;
  readonly grant: string;
}

async function guest(of = 'lab'): Promise<Guest> {
  const request: Request = { verb: 'open', network: name(of), form: 'dgram', vnetHdr: false };
  const { reply, fds } = await ask(daemon.socket, request);
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  const fd = fds[0] as OwnedFd;
  t.teardown(() => fd.close());
  return { fd, grant: reply.fields.get('grant') as string };
}

const say = ({ fd }: Guest, bytes: Uint8Array) => send(fd.fd, bytes, [])._unsafeUnwrap();

async function report(): Promise<SwitchReport> {
  const read = await readSwitch(daemon.socket);
  return read._unsafeUnwrap() as SwitchReport;
}

function blocksOf(bytes: Buffer): { packets: number; interfaces: number; statistics: number } {
  const types = (new BlockReader().push(bytes) ?? []).map((block) => block.readUInt32LE(0));
  const count = (type: number) => types.filter((one) => one === type).length;
  return {
    packets: count(blockTypes.packet),
    interfaces: count(blockTypes.interface),
    statistics: count(blockTypes.statistics),
  };
}

/** Runs `fdbroker capture` in a process of its own, from when it has begun. */
async function capturing(...args: readonly string[]) {
  const captured = () => daemon.audited().filter(({ event }) => event === 'captured').length;
  const before = captured();
  const child = spawn(process.execPath, [program, 'capture', ...args], { env: { ...process.env, ...env } });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'close');
  const words = text(child.stderr);
  await until(() => captured() > before);
  // The thread that moves frames is told a moment later
  await delay(200);
  return { child, ended: ended.then(([status]) => status as number), words };
}

t.test('without a switch there is nothing', async (t) => {
  t.equal((await readSwitch(daemon.socket))._unsafeUnwrap(), undefined);
  t.match(await fdbroker(['switch'], { env }), { status: 0, stdout: '', stderr: /no port at the switch/ });
  t.same(await fdbroker(['switch', '--json'], { env }), { status: 0, stdout: 'null\n', stderr: '' });
  const none = await fdbroker(['capture', 'lab', '-w', join(folder, 'none')], { env });
  t.match(none, { status: 1, stderr: /has no port at the switch now/ });
  t.throws(() => statSync(join(folder, 'none')), 'no file is made');
});

let [one, other, stranger] = [] as unknown as [Guest, Guest, Guest];

t.test('what there is', async (t) => {
  [one, other, stranger] = [await guest(), await guest(), await guest('other')];
  say(one, frame(broadcast, station(1)));
  say(other, frame(station(1), station(2)));
  say(other, frame(broadcast, station(3)).subarray(0, 10));
  await until(async () => (await report()).ports.some(({ drops }) => drops['too-short'] === 1));
  const { switch: facts, networks, ports, addresses } = await report();
  t.match(facts, { ports: 5, addresses: 2, mostPorts: 4096 });
  t.same(networks, [
    { network: 'lab', ports: 2, addresses: 2 },
    { network: 'other', ports: 1, addresses: 0 },
  ]);
  t.match(
    ports.find(({ grant }) => grant === other.grant),
    { network: 'lab', kind: 'dgram', uplink: false, rxFrames: 2, txFrames: 1, drops: { 'too-short': 1 }, addresses: 1 },
  );
  t.match(
    ports.find(({ network, uplink }) => uplink && network === 'lab'),
    { kind: 'multicast', grant: null, uid: null, txFrames: 1 },
  );
  t.same(addresses.map(({ address }) => address).sort(), ['02:00:00:00:00:01', '02:00:00:00:00:02']);
  const { stdout } = await fdbroker(['switch'], { env });
  for (const line of [
    /^lab +2 +2$/m,
    new RegExp(`^${other.grant} +lab +dgram +root +1 +2 `, 'm'),
    /dropped 1 too-short/,
  ])
    t.match(stdout, line);
  const without = await ask(daemon.socket, { verb: 'switch', addresses: false });
  t.equal(without.fds.length, 1);
  for (const fd of without.fds) fd.close();
});

t.test('a network, as tcpdump reads it', async (t) => {
  const path = join(folder, 'lab.pcapng');
  const { ended, words } = await capturing('lab', '-w', path, '--count', '3');
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
  t.match(await words, /^fdbroker: 3 frames captured$/m);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.same(blocksOf(readFileSync(path)), { packets: 3, interfaces: 3, statistics: 3 });
  const read = spawnSync('tcpdump', ['-r', path, '-e', '-n', '-xx'], { encoding: 'utf8' });
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
  t.match(spawnSync('tcpdump', ['-r', path, '-tttt'], { encoding: 'utf8' }).stdout, new RegExp(`^${year}-`));
});

t.test('one port, both ways, to standard output, until Ctrl-C', async (t) => {
  const path = join(folder, 'port.pcapng');
  const { child, ended } = await capturing('lab', '--port', other.grant, '-w', path);
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
    ['-c', `"$@" -w - | tcpdump -r - -n -e -c 1`, 'sh', process.execPath, program, 'capture', 'lab'],
    {
      env: { ...process.env, ...env },
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

t.test('it ends with its time, and with its port', async (t) => {
  const quick = await fdbrokerProcess(['capture', 'lab', '-w', join(folder, 'quick'), '--seconds', '1'], env);
  t.match(quick, { status: 0, stderr: /0 frames captured/ });
  const short = await guest();
  const { ended, words } = await capturing('lab', '--port', short.grant, '-w', join(folder, 'short'));
  say(short, frame(broadcast, station(5)));
  short.fd.close();
  t.equal(await ended, 0);
  t.match(await words, /1 frame captured/);
});

/** Reads what is there. */
function drained({ fd }: Guest): void {
  while (receive(fd.fd, 0)._unsafeUnwrap().tag === 'message');
}

/** Waits for as many frames. */
async function heardAll({ fd }: Guest, frames: number): Promise<void> {
  for (let heard = 0; heard < frames; ) {
    if (receive(fd.fd, 0)._unsafeUnwrap().tag === 'message') heard += 1;
    else await delay(1);
  }
}

t.test('a reader that stops loses frames of its own alone, and is told how many', async (t) => {
  const path = join(folder, 'slow.pcapng');
  const { child, ended, words } = await capturing('lab', '-w', path, '--seconds', '6');
  child.kill('SIGSTOP');
  drained(other);
  const large = frame(station(2), station(1), new Uint8Array(1400));
  const [rounds, burst] = [240, 50];
  const sent = rounds * burst;
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < burst; i += 1) say(one, large);
    await heardAll(other, burst);
  }
  child.kill('SIGCONT');
  t.equal(await ended, 0);
  const [, frames = 0, lost = 0] = /(\d+) frames captured, (\d+) frames lost/.exec(await words)?.map(Number) ?? [];
  t.equal(frames + lost, sent);
  t.equal(blocksOf(readFileSync(path)).packets, frames);
});

t.test('who may see what', { skip: process.geteuid?.() !== 0 && 'not root' }, async (t) => {
  const nobody = (...args: string[]) =>
    spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, program, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  sh(`chmod 666 ${daemon.socket}`);
  const seen = JSON.parse(nobody('switch', '--json').stdout) as SwitchReport;
  t.same(
    seen.ports.map(({ network, uplink }) => [network, uplink]),
    [
      ['lab', true],
      ['other', true],
    ],
    'uplinks, and no port of somebody else',
  );
  t.same(seen.addresses, []);
  t.same([seen.switch.ports, seen.switch.addresses], [null, null]);
  for (const [args, status, says] of [
    [['other'], 1, /no rule lets you capture the frames of network "other"/],
    [['nowhere'], 1, /no rule lets uid 65534 use network "nowhere"/],
    [['lan'], 1, /network "lan" is not carried by the switch/],
    [['lab', '--port', '0badbad0'], 1, /has no port of grant 0badbad0/],
    [['lab', '--port', stranger.grant], 1, /has no port of grant/],
    [['lab', '--count', '0'], 2, /--count takes a number/],
    [['La/b'], 2, /is not a network name/],
  ] as const) {
    const { status: got, stderr } = nobody('capture', ...args, '-w', join(folder, 'not-mine'));
    t.equal(got, status, stderr);
    t.match(stderr, says);
  }
  await until(() =>
    daemon.audited().some((line) => line['uid'] === 65_534 && line['network'] === 'lab' && line['event'] === 'refused'),
  );
});

t.test('so many at once, and no more', async (t) => {
  const asked = await Promise.all(
    Array.from({ length: 4 }, () =>
      ask(daemon.socket, { verb: 'capture', network: name('lab'), bounds: { seconds: 30 } }),
    ),
  );
  const answers = await Promise.all(asked.map(async ({ fds: [fd] }) => firstLine(fd as OwnedFd)));
  t.equal(answers.filter((bytes) => bytes.startsWith('{"tell":"refused"')).length, 2);
  // A reader that is gone ends its capture
  await until(async () => {
    const { fds } = await ask(daemon.socket, { verb: 'capture', network: name('lab'), bounds: { seconds: 30 } });
    return !(await firstLine(fds[0] as OwnedFd)).startsWith('{');
  });
});

/** Closes it. */
async function firstLine(fd: OwnedFd): Promise<string> {
  const { Socket } = await import('node:net');
  const stream = new Socket({ fd: fd.release(), readable: true, writable: false });
  const [bytes] = (await once(stream, 'data')) as [Buffer];
  await delay(300);
  stream.destroy();
  return bytes.toString();
}
