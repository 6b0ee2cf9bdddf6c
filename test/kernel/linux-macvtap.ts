/** Macvtaps on the real kernel: how they are made, opened, and seen to have no holder. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { MacvtapMode } from '../../src/core/config.js';
import type { Macvtap } from '../../src/kernel/kernel.js';
import type { LinuxKernel } from '../../src/kernel/linux.js';
import { native } from '../../src/kernel/native.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { ifname, ipLink, mac, openKernel } from '../support/links.js';
import { addWire, skipWithoutMacvtap } from '../support/macvtap.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
skipWithoutMacvtap();
const address = '52:54:00:12:34:56';
const options = { vnetHdr: true, owner: 0 };

/** A macvtap on wire0; deleted when the test ends. */
function make(t: Test, kernel: LinuxKernel, name = 'fdb1', mode: MacvtapMode = 'bridge'): Macvtap {
  const parent = ipLink('wire0').ifindex;
  const plan = { parent, mode, mtu: 1400, address: mac(address) };
  const made = kernel.createMacvtap(ifname(name), plan)._unsafeUnwrap();
  t.teardown(() => kernel.deleteLink(made.ifindex));
  return made;
}

/** At once, unlike {@link OwnedFd.close}. */
function closeNow(fd: OwnedFd): void {
  if (fd.open) native.close(fd.release());
}

function open(t: Test, kernel: LinuxKernel, macvtap: Macvtap, multiQueue = false): OwnedFd {
  const fd = kernel.openMacvtap(ifname('fdb1'), macvtap, { ...options, multiQueue })._unsafeUnwrap();
  t.teardown(() => closeNow(fd));
  return fd;
}

for (const mode of ['vepa', 'bridge', 'private', 'passthru'] as const) {
  t.test(`a macvtap with mode ${mode}`, async (t) => {
    const kernel = openKernel(t);
    addWire(t);
    const before = ipLink('wire0').address;
    const made = make(t, kernel, 'fdb1', mode);
    const link = () => kernel.linkByIndex(made.ifindex)._unsafeUnwrap();
    t.match(link(), {
      ...{ name: 'fdb1', up: false, alias: '', mtu: 1400, kind: 'macvtap' },
      macvtap: { parent: ipLink('wire0').ifindex, mode, ours: true },
    });
    t.match(ipLink('fdb1'), { linkinfo: { info_kind: 'macvtap', info_data: { mode } }, group: '1717854834' });
    const alias = 'fdbroker of a test';
    t.ok(kernel.claimMacvtap(made.ifindex, { address: mac(address), alias }).isOk());
    t.match(link(), { up: true, alias, address });
    t.match(ipLink('fdb1'), { inet6_addr_gen_mode: 'none' });
    t.equal(ipLink('wire0').address, mode === 'passthru' ? address : before, 'the parent’s address');
    t.equal(sh('ip -6 addr show dev fdb1').includes('inet6'), false, 'the host has no address there');
    t.ok((await kernel.deleteLink(made.ifindex)).isOk());
    t.equal(ipLink('wire0').address, before, 'the parent has its own again');
  });
}

t.test('a descriptor is of this very link, in the form that was asked for', async (t) => {
  const kernel = openKernel(t);
  addWire(t);
  const made = make(t, kernel);
  const fd = open(t, kernel, made);
  const status = sh(`cat /proc/${process.pid}/fdinfo/${fd.fd}`);
  t.match(status, /^flags:\t02100002$/m, 'O_RDWR | O_CLOEXEC, blocking');
  const other = { ...made, minor: made.minor + 1 };
  t.match(kernel.openMacvtap(ifname('fdb1'), other, options)._unsafeUnwrapErr(), { code: 'ESTALE' });
  const absent = { ...made, ifindex: 999 };
  t.match(kernel.openMacvtap(ifname('fdb1'), absent, options)._unsafeUnwrapErr(), { code: 'ENOENT' });
  for (let count = 0; count < 3; count++) open(t, kernel, made, true);
});

t.test('an ifindex is taken whose node no other namespace has', async (t) => {
  const kernel = openKernel(t);
  addWire(t);
  for (let count = 0; count < 3; count++) {
    const made = make(t, kernel, `fdb${count}`, 'vepa');
    t.ok(existsSync(`/dev/tap${made.ifindex}`));
    t.ok(made.ifindex >= 1_000_000);
  }
});

t.test('what the kernel refuses', async (t) => {
  const kernel = openKernel(t);
  addWire(t);
  const parent = ipLink('wire0').ifindex;
  const plan = { parent, mode: 'bridge', mtu: 1400, address: mac(address) } as const;
  const refused = (name: string, change: object) =>
    kernel.createMacvtap(ifname(name), { ...plan, ...change })._unsafeUnwrapErr().code;
  const made = make(t, kernel);
  t.equal(refused('fdb1', {}), 'EEXIST', 'the name is taken');
  t.equal(refused('fdb2', { mtu: 9000 }), 'EINVAL', 'an MTU above the parent’s');
  t.equal(refused('fdb2', { parent: 1 }), 'EINVAL', 'lo');
  t.equal(refused('fdb2', { parent: 99 }), 'ENODEV');
  t.equal(refused('fdb2', { mode: 'passthru' }), 'EINVAL', 'a second one, with mode passthru');
  kernel.claimMacvtap(made.ifindex, { address: mac(address), alias: 'fdbroker' })._unsafeUnwrap();
  const second = make(t, kernel, 'fdb2');
  const claimed = kernel.claimMacvtap(second.ifindex, { address: mac(address), alias: 'fdbroker' });
  t.equal(claimed._unsafeUnwrapErr().code, 'EADDRINUSE');
  sh('ip link add br0 type bridge; ip link set wire1 master br0');
  t.teardown(() => sh('ip link del br0'));
  t.equal(refused('fdb3', { parent: ipLink('wire1').ifindex }), 'EBUSY', 'a port of a bridge');
});

t.test('the last close is seen: of all copies and all queues, wherever they are', async (t) => {
  const kernel = openKernel(t);
  addWire(t);
  const made = make(t, kernel);
  const { ifindex } = made;
  const unheld = () => kernel.unheldMacvtaps([ifindex, 999])._unsafeUnwrap();
  const told = () => kernel.nodeCloses.take();
  t.same(unheld(), [ifindex], 'before it is opened; a link that is not there is not told of');
  const [first, second] = [open(t, kernel, made, true), open(t, kernel, made, true)];
  t.ok(kernel.watchMacvtap(ifindex).isOk());
  t.ok(kernel.watchMacvtap(ifindex).isOk(), 'again');
  t.same(unheld(), []);
  spawnSync('true', { stdio: ['ignore', 'ignore', 'ignore', first.fd] });
  t.same(told(), []);
  closeNow(first);
  t.same(told(), [{ tag: 'descriptor-closed', ifindex }]);
  t.same(unheld(), [], 'the other queue is held');
  closeNow(second);
  t.same(told(), [{ tag: 'descriptor-closed', ifindex }]);
  t.same(unheld(), [ifindex]);
  t.ok((await kernel.deleteLink(ifindex)).isOk());
  while (existsSync(`/dev/tap${ifindex}`)) await delay(1);
  t.same(told(), [], 'the end of the node is no event');
  t.match(kernel.watchMacvtap(ifindex)._unsafeUnwrapErr(), { code: 'ENOENT' });
});
