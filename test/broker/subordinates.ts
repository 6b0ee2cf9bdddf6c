/** Users with subordinate uids, as the kernel reports them: what they cannot do more than without, and shed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import type { Request } from '../../src/protocol/request.js';
import { type Answer, ask, connect, dataOf, openRequest } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { makeBridge, missingUsers } from '../support/host.js';
import { inPrivateNamespace, skipFile } from '../support/namespace.js';
import { withIds } from '../support/nobody.js';

const missing = missingUsers();
if (missing !== undefined) skipFile(missing);
inPrivateNamespace();
makeBridge();

const [alice, bob, carol, dave, erin] = [20_001, 20_002, 20_003, 20_004, 20_005];
const [kvm, banned] = [30_000, 30_001];
const passwd = Object.entries({ root: 0, alice, bob, carol, dave, erin })
  .map(([name, uid]) => `${name}:x:${uid}:${name === 'dave' ? banned : uid}::/:/bin/sh\n`)
  .join('');
const group = `root:x:0:\nkvm:x:${kvm}:erin\nbanned:x:${banned}:carol\n`;
const subuid = 'alice:100000:10\n20002:200000:10\ncarol:300000:10\n';
const networks = ['lan', 'lab', 'dmz'].map((name) => `[network ${name}]\ntype = bridge\nbridge = br0\n`).join('');
const rule = (name: string, effect: string, whom: string, network: string) =>
  `[rule ${name}]\neffect = ${effect}\n${whom}\nnetwork[] = ${network}\n`;
const config = [
  '[broker]\nsocket-mode = 0666\nmax-connections = 4\n',
  networks,
  rule('any-lan', 'allow', 'user[] = *\nmax-ports = 2', 'lan'),
  rule('alice-lab', 'allow', 'user[] = alice\ngroup[] = kvm', 'lab'),
  rule('any-dmz', 'allow', 'user[] = *', 'dmz'),
  rule('not-bob', 'deny', 'user[] = bob', 'dmz'),
  rule('not-banned', 'deny', 'group[] = banned', 'dmz'),
].join('');

/** A broker with an /etc of its own. */
class Host {
  readonly daemon: Daemon;
  readonly #kept: OwnedFd[] = [];

  constructor(t: Test) {
    this.daemon = new Daemon(t, config);
    mkdirSync(join(this.daemon.folder, 'host'), { mode: 0o755 });
    for (const [name, text] of Object.entries({ passwd, group, subuid })) this.write(name, text);
    this.write('nsswitch.conf', 'passwd: files\ngroup: files\n');
    t.teardown(() => this.close());
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.daemon.folder, 'host', name), text, { mode: 0o644 });
  }

  start(): Promise<void> {
    const script = 'mount --bind "$1" /etc; shift; exec "$@"';
    return this.daemon.start([], ['unshare', '-m', 'sh', '-ec', script, 'sh', join(this.daemon.folder, 'host')]);
  }

  /** Asks as a process of this user; what comes along is kept until {@link close}. */
  async ask(uid: number, request: Request, { gid = uid, groups = [] as readonly number[] } = {}): Promise<Answer> {
    const answer = await withIds({ uid, gid, groups }, () => ask(this.daemon.socket, request));
    this.#kept.push(...answer.fds);
    return answer;
  }

  /** `ok`, or what the answer says instead. */
  async open(uid: number, network = 'lan', ids: { gid?: number; groups?: readonly number[] } = {}): Promise<string> {
    const { reply } = await this.ask(uid, openRequest(network), ids);
    return reply === undefined || reply.status === 'ok'
      ? (reply?.status ?? 'nothing')
      : `${reply.status}: ${reply.message}`;
  }

  async ports(uid: number): Promise<Record<string, unknown>[]> {
    return dataOf(await this.ask(uid, { verb: 'ports' }));
  }

  async close(): Promise<void> {
    for (const fd of this.#kept.splice(0)) fd.close();
  }
}

async function hostFor(t: Test): Promise<Host> {
  const host = new Host(t);
  await host.start();
  return host;
}

t.test('the ports of all uids of a user are one quota, whoever of them asks', async (t) => {
  const host = await hostFor(t);
  t.equal(await host.open(alice), 'ok');
  t.equal(await host.open(100_000), 'ok');
  for (const uid of [100_001, 100_009, alice]) {
    t.match(await host.open(uid), /^refused: you have 2 of at most 2 ports/, String(uid));
  }
  for (const uid of [bob, 99_999, 100_010, 200_000]) t.equal(await host.open(uid), 'ok', `${uid} is somebody else`);
  const grants = () => host.daemon.audited().filter(({ event }) => event === 'granted');
  await until(() => grants().length >= 3);
  const audited = grants();
  t.same(
    audited.slice(0, 3).map(({ uid, account }) => [uid, account]),
    [
      [alice, undefined],
      [100_000, alice],
      [bob, undefined],
    ],
  );

  const uids = async (uid: number) =>
    (await host.ports(uid)).map((port) => port['uid'] as number).sort((a, b) => a - b);
  t.same(await uids(alice), [alice, 100_000]);
  t.same(await uids(100_000), [100_000], 'the other way round it is nobody’s business');
  t.same(await uids(100_001), []);
  const grantOf = async (uid: number) => (await host.ports(0)).find((port) => port['uid'] === uid)?.['grant'] as never;
  const release = async (uid: number, of: number) =>
    (await host.ask(uid, { verb: 'release', grant: await grantOf(of) })).reply?.status;
  t.equal(await release(100_000, alice), 'refused');
  t.equal(await release(100_001, 100_000), 'refused');
  t.equal(await release(bob, 100_000), 'refused');
  t.equal(await release(alice, 100_000), 'ok');
  t.equal(await host.open(100_001), 'ok', 'and there is room again');
});

t.test('an allow by name lets in nobody but whom it names', async (t) => {
  const host = await hostFor(t);
  t.equal(await host.open(alice, 'lab'), 'ok');
  t.match(await host.open(100_000, 'lab'), /^denied: /);
  t.match(await host.open(erin, 'lab'), /^denied: /, 'a member of the group whose process is not in it');
  t.equal(await host.open(erin, 'lab', { groups: [kvm] }), 'ok');
});

t.test('a deny holds for every uid of its user', async (t) => {
  const host = await hostFor(t);
  for (const uid of [bob, 200_000, 200_009]) t.match(await host.open(uid, 'dmz'), /^denied: /, String(uid));
  for (const uid of [alice, 100_000, 199_999, 200_010]) t.equal(await host.open(uid, 'dmz'), 'ok', String(uid));
});

t.test('a denied group cannot be shed', async (t) => {
  const host = await hostFor(t);
  t.match(await host.open(carol, 'dmz', { groups: [banned] }), /^denied: /);
  t.match(await host.open(carol, 'dmz'), /^denied: /, 'by setgroups');
  t.match(await host.open(300_001, 'dmz'), /^denied: /, 'nor with another uid');
  t.match(await host.open(dave, 'dmz', { gid: 400_000 }), /^denied: /, 'nor the primary one');
  t.match(await host.open(erin, 'dmz', { groups: [banned] }), /^denied: /, 'by the kernel’s word, as ever');
  t.equal(await host.open(erin, 'dmz'), 'ok');
});

t.test('connections of all uids of a user count together', async (t) => {
  const host = await hostFor(t);
  const silent: OwnedFd[] = [];
  for (const uid of [100_000, 100_001, 100_002, 100_003]) {
    silent.push(await withIds({ uid, gid: uid, groups: [] }, async () => connect(host.daemon.socket)));
  }
  // Who is turned away may find the connection closed before the word
  const served = async (uid: number) => (await host.ask(uid, { verb: 'status' })).reply?.status === 'ok';
  t.notOk(await served(alice));
  t.notOk(await served(100_004));
  t.ok(await served(bob));
  for (const fd of silent) fd.close();
  await until(() => served(alice));
  const { counters } = dataOf(await ask(host.daemon.socket, { verb: 'status' })) as { counters?: { busy?: number } };
  t.ok((counters?.busy ?? 0) >= 2);
});

t.test('a reload reads it all again, and what cannot be read is refused', async (t) => {
  const host = await hostFor(t);
  const reload = async () => (await ask(host.daemon.socket, { verb: 'reload' })).reply;
  for (const uid of [100_000, 100_001]) t.equal(await host.open(uid), 'ok');
  t.match(await host.open(100_002), /^refused: you have 2/);

  host.write('subuid', 'bob:100000:10\n');
  t.equal((await reload())?.status, 'ok');
  t.equal(await host.open(alice), 'ok');
  t.match(await host.open(bob), /^refused: you have 2/, 'they are another’s now');

  rmSync(join(host.daemon.folder, 'host/subuid'));
  mkdirSync(join(host.daemon.folder, 'host/subuid'));
  t.match(await reload(), { status: 'failed', data: /\/etc\/subuid: is not a regular file/ });
  t.match(await host.open(bob), /^refused: you have 2/, 'and what was is in force');
  rmSync(join(host.daemon.folder, 'host/subuid'), { recursive: true });
  host.write('group', group.replace('carol', 'carol,gone'));
  const where = config.slice(0, config.indexOf('group[] = banned')).split('\n').length;
  t.match(await reload(), {
    status: 'failed',
    data: new RegExp(
      `fdbroker.ini:${where}: group: banned has the member .{1,2}gone.{1,2}, who is no user of this host`,
    ),
  });

  host.write('group', group);
  t.equal((await reload())?.status, 'ok', 'without the file');
  t.equal(await host.open(bob), 'ok');
  t.equal(await host.open(100_001), 'ok', 'each has one');
});
