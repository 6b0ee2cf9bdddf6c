/** The keeper as a process of its own: its taps, whom they reach, and what is left when it is killed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type Ends, Keeper } from '../../src/broker/keeper.js';
import { parseInterfaceName } from '../../src/core/names.js';
import { createLinuxKernel } from '../../src/kernel/linux.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { failing, Poller, readable } from '../../src/kernel/poller.js';
import { connectSeqpacket, listenSeqpacket, receive, send } from '../../src/kernel/seqpacket.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { noNobody } from '../support/nobody.js';
import { questions } from '../support/talk.js';
import { compileTapHolder, missingCompiler, TapHolder } from '../support/tap-holder.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const host0 = parseInterfaceName('host0')._unsafeUnwrap();
const path = `${temporaryFolder(t)}/keeper`;
const keeper = new Keeper(path);
t.teardown(() => keeper[Symbol.dispose]());
const links = () => shJson('ip -j link').map(({ ifname }: { ifname: string }) => ifname);

async function open(t: Test, vnetHdr = true): Promise<Ends> {
  const ends = (await keeper.openTap(1500, vnetHdr))._unsafeUnwrap();
  t.teardown(() => {
    for (const end of ends) if (end.open) end.close();
  });
  return ends;
}

/** What comes within a while, in milliseconds; a frame each. */
function listen(fd: OwnedFd, patience: number): { readonly frames: Buffer[]; readonly failed: boolean } {
  const poller = Poller.open()._unsafeUnwrap();
  poller.add(fd.fd, 0, false)._unsafeUnwrap();
  const frames: Buffer[] = [];
  let failed = false;
  while (!failed && poller.wait(patience) > 0) {
    failed = ((poller.ready[1] as number) & failing) !== 0;
    const memory = Buffer.alloc(70_000);
    if (!failed && ((poller.ready[1] as number) & readable) !== 0)
      frames.push(memory.subarray(0, readSync(fd.fd, memory)));
  }
  poller[Symbol.dispose]();
  return { frames, failed };
}

const keepers = () => keepersAt(path);
/** A program that has a tap made, and says what came of it. */
const maker = (at: string) => `
  const { Keeper } = await import(${JSON.stringify(new URL('../../src/broker/keeper.js', import.meta.url).href)});
  const keeper = new Keeper(${JSON.stringify(at)});
  const made = await keeper.openTap(1500, true);
  console.log(made.isOk() ? 'made' : made.error);
  keeper.leave(true);
  process.exit(0);`;

const noOffloads = Buffer.alloc(10);
const said = Buffer.from(questions([10, 9, 9, 1])['an ARP request'] as Uint8Array);

t.test('a tap and its other side, which are nowhere to be seen', async (t) => {
  const before = links();
  const [tap, socket] = await open(t);
  t.same(links(), before);
  t.same(listen(tap, 200), { frames: [], failed: false }, 'it says nothing of its own');
  t.same(listen(socket, 0), { frames: [], failed: false }, 'nor that it was down');
  writeSync(tap.fd, Buffer.concat([noOffloads, said]));
  t.same(listen(socket, 100).frames, [Buffer.concat([noOffloads, said])]);
  writeSync(socket.fd, Buffer.concat([noOffloads, said]));
  t.same(listen(tap, 100).frames, [Buffer.concat([noOffloads, said])]);
  t.same(listen(socket, 100).frames, [], 'its own do not come back');
  const [plain, other] = await open(t, false);
  writeSync(plain.fd, said);
  t.same(listen(other, 100).frames, [Buffer.concat([noOffloads, said])], 'a tap without the header');
  tap.close();
  t.ok(listen(socket, 5000).failed, 'the end of the tap is told');
});

t.test('no guest reaches the host by it', async (t) => {
  const kernel = createLinuxKernel()._unsafeUnwrap();
  t.teardown(() => kernel[Symbol.dispose]());
  const witness = kernel.openTap(host0, { vnetHdr: false, owner: 0 })._unsafeUnwrap();
  t.teardown(() => witness.fd.close());
  sh('ip link set host0 up; ip address add 10.9.9.1/24 dev host0; ip address add fe80::1/64 dev host0 nodad');
  const [tap] = await open(t, false);
  listen(witness.fd, 100);
  for (const [what, frame] of Object.entries(questions([10, 9, 9, 1]))) {
    writeSync(witness.fd.fd, frame);
    t.not(listen(witness.fd, 100).frames.length, 0, `${what}: the host would answer`);
    writeSync(tap.fd, frame);
    t.same(listen(tap, 200).frames, [], what);
  }
});

t.test('it has no privilege, and no descriptors but its own', async (t) => {
  await open(t);
  const [pid = 0] = keepers();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  t.match(status, /^CapPrm:\t0000000000003000$/m, 'CAP_NET_ADMIN and CAP_NET_RAW, in a user namespace of its own');
  t.match(status, /^CapBnd:\t0+$/m);
  t.match(status, /^NoNewPrivs:\t1$/m);
  for (const kind of ['user', 'net'])
    t.not(readlinkSync(`/proc/${pid}/ns/${kind}`), readlinkSync(`/proc/self/ns/${kind}`));
  t.equal(readdirSync(`/proc/${pid}/fd`).length, 5, 'standard ones, the listener, the broker');
});

t.test('taps outlive it, and another makes more', async (t) => {
  const [tap, socket] = await open(t);
  const [first = 0] = keepers();
  const late = keeper.openTap(1500, true);
  process.kill(first, 'SIGKILL');
  for (const end of (await late)._unsafeUnwrap()) end.close();
  await until(() => !keepers().includes(first));
  writeSync(tap.fd, Buffer.concat([noOffloads, said]));
  t.same(listen(socket, 100).frames, [Buffer.concat([noOffloads, said])]);
  await open(t);
  t.equal(keepers().length, 1);
  process.kill(keepers()[0] as number, 'SIGSTOP');
  const stuck = await keeper.openTap(1500, true);
  t.match(stuck._unsafeUnwrapErr(), /does not answer; try again/);
  process.kill(keepers()[0] as number, 'SIGCONT');
  await open(t);
});

t.test('whoever makes no sense is hung up on, and nothing of it is kept', async (t) => {
  await open(t);
  const senseless = ['x', '\n', 'tap\n', 'tap 1500\n', 'tap 99999999999 yes\n', 'keep 1 guest', 'keep 65536 guest\n'];
  const more = ['keep 1 guest x\n', 'keep -1 guest\n', 'drop\n', 'drop 65536\n', 'list', 'lists\n', 'x'.repeat(20_000)];
  for (const text of [...senseless, ...more]) {
    const connection = connectSeqpacket(path)._unsafeUnwrap();
    send(connection.fd, Buffer.from(text), [connection.fd, connection.fd])._unsafeUnwrap();
    await until(() =>
      receive(connection.fd, 0).match(
        ({ tag }) => tag === 'end',
        () => true,
      ),
    );
    connection.close();
    // With neither broker nor guests it ends, and this starts another
    await open(t);
    t.equal(readdirSync(`/proc/${keepers()[0]}/fd`).length, 5, text.slice(0, 20));
  }
});

t.test(
  'a tap that its guest has made persistent is no more when its port is dropped',
  { skip: missingCompiler() },
  async (t) => {
    const program = compileTapHolder(t);
    const [tap, socket] = await open(t);
    const [lasting, kept] = await open(t);
    const holder = new TapHolder(t, program, tap);
    t.equal(await holder.tell('persist'), 0);
    await holder.kill();
    t.equal(listen(socket, 100).failed, false, 'it outlives its holder');
    const connection = connectSeqpacket(path)._unsafeUnwrap();
    t.teardown(() => connection.close());
    for (const [order, fds] of [
      ['keep 7 guest\nx', [socket.fd]],
      ['keep 8 guest\nx', [kept.fd]],
      ['keep 8 guest\ny', [kept.fd]],
      ['drop 7\n', []],
    ] as const)
      send(connection.fd, Buffer.from(order), fds)._unsafeUnwrap();
    await until(() => listen(socket, 100).failed);
    t.equal(listen(kept, 100).failed, false, 'not one that is told anew');
    send(connection.fd, Buffer.from('keep 8 guest\nz'), [lasting.fd])._unsafeUnwrap();
    await until(() => listen(kept, 100).failed);
  },
);

t.test('a user without privileges, where /dev/net/tun is open to all', { skip: noNobody }, async (t) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o777);
  const script = `mknod -m 666 ${folder}/tun c 10 200; mount --bind ${folder}/tun /dev/net/tun
    exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --no-new-privs "$0" "$@"`;
  const words = ['-m', 'sh', '-ec', script, process.execPath, '--input-type=module', '-e', maker(`${folder}/keeper`)];
  const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
  t.equal(stdout + stderr, 'made\n');
});

t.test('it ends with the last broker, and its socket too', async (t) => {
  await open(t);
  keeper.leave(true);
  await until(() => keepers().length === 0);
  t.notOk(existsSync(path));
});

t.test('the socket of a service manager stays for the next keeper', async (t) => {
  const at = `${temporaryFolder(t)}/keeper`;
  const listener = listenSeqpacket(at, { mode: 0o600 })._unsafeUnwrap();
  t.teardown(() => listener.close());
  const program = fileURLToPath(new URL('../../native/fdbroker-keeper', import.meta.url));
  const run = () =>
    spawn(program, [], { stdio: ['ignore', 'inherit', 'inherit', listener.fd], env: { LISTEN_FDS: '1' } });
  for (const _time of [1, 2]) {
    const ended = once(run(), 'exit');
    const broker = new Keeper(at);
    for (const end of (await broker.openTap(1500, true))._unsafeUnwrap()) end.close();
    broker.leave(true);
    t.same(await ended, [0, null]);
    t.ok(existsSync(at));
  }
});

t.test('where no namespaces are allowed', async (t) => {
  const run = (capabilities: string) => {
    const command = `echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=${capabilities} --inh-caps=${capabilities} "$0" "$@"`;
    const words = ['-Urn', 'sh', '-c', command, process.execPath, '--input-type=module', '-e', maker(path)];
    const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
    return stdout + stderr;
  };
  t.match(run('-sys_admin'), /unshare: ENOSPC; .*sysctl -w user.max_user_namespaces=1000/);
  t.equal(run('+sys_admin'), 'made\n', 'who may enter a network namespace needs no user namespace');
});
