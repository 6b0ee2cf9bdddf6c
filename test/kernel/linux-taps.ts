import { spawnSync } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { native } from '../../src/kernel/native.js';
import { flagsOf, openTunFds, withFdsLeft } from '../support/descriptors.js';
import { addBridge, addPort, addTap, closeTap, ifname, ipLink, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { compileTapHolder, missingCompiler, TapHolder } from '../support/tap-holder.js';

inPrivateNamespace();
const { IFF_NO_PI, IFF_TAP, IFF_VNET_HDR } = native.constants;
const multiQueue = 0x0100;

/** Holds a tap that exists, as a second process would. */
function hold(name: string, flags: number): Disposable {
  const fd = native.tunDevice();
  const attached = native.tunAttach(fd, name, flags);
  if (attached < 0) throw new Error(`TUNSETIFF: ${native.errnoName(-attached)}`);
  return { [Symbol.dispose]: () => native.close(fd) };
}

t.test('a tap as qemu-bridge-helper makes it', async (t) => {
  const kernel = openKernel(t);
  const tap = addTap(t, kernel, 'plain');
  const witness = ipLink('plain');
  t.equal(tap.ifindex, witness.ifindex);
  t.match(witness.linkinfo, {
    info_kind: 'tun',
    info_data: { type: 'tap', pi: false, vnet_hdr: false, persist: false },
  });
  t.notOk(witness.flags.includes('UP'));
  const offloading = addTap(t, kernel, 'fifteen-bytes-x', true);
  t.match(ipLink('fifteen-bytes-x').linkinfo.info_data, { vnet_hdr: true, multi_queue: false });
  const status = sh(`cat /proc/${process.pid}/fdinfo/${tap.fd.fd} /proc/${process.pid}/fdinfo/${offloading.fd.fd}`);
  t.same(status.match(/^flags:.*$/gm), ['flags:\t02100002', 'flags:\t02100002'], 'O_RDWR | O_CLOEXEC, blocking');
});

t.test('taps made ahead are as those made at once', async (t) => {
  const kernel = openKernel(t);
  addTap(t, kernel, 'taken');
  const before = openTunFds();
  const names = ['ahead0', 'taken', 'lo', 'ahead1'];
  const taps = await kernel.openTapsAhead(names.map(ifname));
  t.teardown(() => taps.map((tap) => tap && closeTap(tap)));
  t.same(
    taps.map((tap) => tap?.ifindex),
    [ipLink('ahead0').ifindex, undefined, undefined, ipLink('ahead1').ifindex],
    'in the order of their names, and undefined for those that could not be made',
  );
  t.equal(openTunFds(), before + 2, 'of which nothing is left open');
  const atOnce = addTap(t, kernel, 'atonce', true);
  const facts = (name: string) => {
    const { flags, mtu, linkinfo, master, ifalias } = ipLink(name);
    return { flags, mtu, linkinfo, master, ifalias };
  };
  t.same(facts('ahead1'), facts('atonce'));
  const [first] = taps;
  t.equal(flagsOf(first?.fd.fd as number), flagsOf(atOnce.fd.fd));
  first?.fd.close();
  while (ipLink('ahead0') !== undefined) await nextTurn();
  t.ok(ipLink('ahead1'), 'each ends with its own descriptor');
  t.same(await kernel.openTapsAhead([]), []);
});

t.test('taps that cannot be made ahead leave nothing', async (t) => {
  const before = openTunFds();
  // One for the device, and one for the socket by which its ifindex is asked for
  for (const [left, made] of [
    [0, 0],
    [1, 0],
    [2, 1],
  ] as const) {
    const results = new Int32Array(6);
    let working = Promise.resolve(0);
    withFdsLeft(left, () => {
      working = native.tapsAhead(['none0', 'none1', 'none2'], IFF_TAP | IFF_NO_PI, results);
      while (results.includes(0)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    });
    t.equal(await working, 0);
    const fds = results.filter((_number, at) => at % 2 === 0);
    t.equal(fds.filter((fd) => fd >= 0).length, made, `${left} left`);
    t.same([...results.subarray(2 * made)], Array(6 - 2 * made).fill(-24), 'EMFILE');
    t.equal(openTunFds(), before + made);
    for (const fd of fds) if (fd >= 0) native.close(fd);
    t.equal(sh('ip -o link show type tun'), '');
  }
});

t.test('a name that is taken', async (t) => {
  const kernel = openKernel(t);
  addTap(t, kernel, 'taken');
  sh('ip tuntap add dev unheld mode tap');
  for (const name of ['taken', 'unheld', 'lo']) {
    const error = kernel.openTap(ifname(name), { vnetHdr: true, owner: 0 })._unsafeUnwrapErr();
    t.same(error, { tag: 'sys', call: 'TUNSETIFF', code: 'EBUSY', errno: 16 }, name);
  }
  sh('ip link del unheld');
});

t.test('a tap lives exactly as long as its descriptors', async (t) => {
  const kernel = openKernel(t);
  const tap = addTap(t, kernel, 'short');
  const copy = spawnSync('sh', ['-c', 'ls /sys/class/net >/dev/null; ip -br link show short'], {
    stdio: ['ignore', 'pipe', 'pipe', tap.fd.fd],
    encoding: 'utf8',
  });
  t.match(copy.stdout, /short/, 'while a child has a copy');
  t.ok(ipLink('short'), 'after the child has ended');
  tap.fd.close();
  while (ipLink('short') !== undefined) await nextTurn();
  t.pass('closed on the thread pool, it goes');
});

t.test('whether anybody holds a tap', async (t) => {
  const kernel = openKernel(t);
  const held = (name: string) => kernel.tapIsHeld(ifname(name))._unsafeUnwrap();
  sh('ip tuntap add dev kept mode tap vnet_hdr; ip link set kept up');
  t.teardown(() => sh('ip link del kept'));
  const link = () => kernel.linkByName(ifname('kept'))._unsafeUnwrap();
  const [before, modes] = [link(), ipLink('kept').linkinfo];
  t.match(before, { carrier: false, tun: { persist: true } });
  t.match(modes, { info_data: { vnet_hdr: true } });
  t.equal(held('kept'), false);
  t.equal(held('kept'), false, 'asking does not hold it');
  t.same(link(), before, 'asking leaves it as it was');
  t.same(ipLink('kept').linkinfo, modes, 'in its modes too');
  {
    using _holder = hold('kept', IFF_TAP | IFF_NO_PI);
    t.equal(held('kept'), true);
    sh('ip link set kept carrier off');
    t.equal(link()?.carrier, false);
    t.equal(held('kept'), true, 'whatever its carrier says');
  }
  t.equal(held('kept'), false);
  addTap(t, kernel, 'own');
  t.equal(held('own'), true);
});

t.test('a tap with several queues', async (t) => {
  const kernel = openKernel(t);
  sh('ip tuntap add dev multi mode tap multi_queue');
  t.teardown(() => sh('ip link del multi'));
  const held = () => kernel.tapIsHeld(ifname('multi'))._unsafeUnwrap();
  t.equal(held(), false);
  {
    using _first = hold('multi', IFF_TAP | IFF_NO_PI | multiQueue);
    using _second = hold('multi', IFF_TAP | IFF_NO_PI | multiQueue);
    t.equal(held(), true);
  }
  t.equal(held(), false);
});

/** Somebody else, who has no capability. */
const other = 1234;
const missingOther =
  spawnSync('setpriv', [`--reuid=${other}`, 'true']).status !== 0 && 'another user needs root: run the tests as root';

t.test('nobody else gets a queue of a tap made here', { skip: missingCompiler() || missingOther }, async (t) => {
  const program = compileTapHolder(t);
  const kernel = openKernel(t);
  const options = { vnetHdr: true, owner: 0, multiQueue: true };
  const tap = kernel.openTap(ifname('queued'), options)._unsafeUnwrap();
  t.teardown(() => closeTap(tap));
  const attach = (uid: number) => new TapHolder(t, program, ownFd(native.tunDevice()), uid).tell('attach queued');
  t.equal(await attach(other), -1, 'EPERM');
  const queue = kernel.openQueue(ifname('queued'), tap, options)._unsafeUnwrap();
  queue.close();
  t.equal(await attach(0), 0, 'but who has CAP_NET_ADMIN does');
});

t.test('a tap of which another was quick to get a queue is not taken', async (t) => {
  const kernel = openKernel(t);
  const { tunOwn } = native;
  t.teardown(() => Object.assign(native, { tunOwn }));
  const before = openTunFds();
  const quick: Disposable[] = [];
  t.teardown(() => quick.map((one) => one[Symbol.dispose]()));
  Object.assign(native, {
    tunOwn: (fd: number) => {
      quick.push(hold('raced', IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | multiQueue));
      return tunOwn(fd);
    },
  });
  const options = { vnetHdr: true, owner: 0, multiQueue: true };
  t.match(kernel.openTap(ifname('raced'), options)._unsafeUnwrapErr(), { call: 'TUNSETOWNER', code: 'EBUSY' });
  while (openTunFds() > before + 1) await nextTurn();
  t.pass('it is closed');
});

t.test('what is no tap is not held, and is not made by asking', async (t) => {
  const kernel = openKernel(t);
  sh('ip tuntap add dev routed mode tun');
  t.teardown(() => sh('ip link del routed'));
  const asked = (name: string) => kernel.tapIsHeld(ifname(name))._unsafeUnwrapErr();
  t.match(asked('absent'), { call: 'RTM_GETLINK (tap)', code: 'ENODEV' });
  t.match(asked('lo'), { call: 'TUNSETIFF', code: 'EINVAL' });
  t.match(asked('routed'), { call: 'TUNSETIFF', code: 'EINVAL' });
  t.equal(ipLink('absent'), undefined);
});

t.test('a tap that goes between the look and the attempt is not taken for unheld', async (t) => {
  const kernel = openKernel(t);
  sh('ip tuntap add dev going mode tap');
  const { tunAttach } = native;
  t.teardown(() => Object.assign(native, { tunAttach }));
  Object.assign(native, {
    tunAttach: (fd: number, name: string, flags: number) => {
      sh('ip link del going');
      return tunAttach(fd, name, flags);
    },
  });
  t.match(kernel.tapIsHeld(ifname('going'))._unsafeUnwrapErr(), { call: 'TUNSETIFF', code: 'ENODEV' });
  t.equal(ipLink('going'), undefined, 'nor is one left that asking made');
});

t.test('deleting a tap that is held', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'doomed', bridge, 'fe:fd:00:00:00:01');
  const deleting = kernel.deleteLink(tap.ifindex);
  t.ok(kernel.linkByName(ifname('br0')).isOk(), 'other requests go on meanwhile');
  t.ok((await deleting).isOk());
  t.equal(ipLink('doomed'), undefined);
  t.match((await kernel.deleteLink(tap.ifindex))._unsafeUnwrapErr(), { call: 'RTM_DELLINK', code: 'ENODEV' });
  const refused = (await kernel.deleteLink(1))._unsafeUnwrapErr();
  t.same([refused.call, refused.code], ['RTM_DELLINK', 'EOPNOTSUPP'], 'lo cannot be deleted');
  closeTap(tap);
});
