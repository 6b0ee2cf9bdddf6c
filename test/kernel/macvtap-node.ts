/** Nodes of macvtaps, as far as it takes none; with them: linux-macvtap.ts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DeviceEvents, freeIfindex, nodePath, unlockedNodes } from '../../src/kernel/macvtap-node.js';
import { native } from '../../src/kernel/native.js';
import { openFds } from '../support/descriptors.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();

t.test('an ifindex of seven digits whose node is free', async (t) => {
  for (let count = 0; count < 100; count++) {
    const ifindex = freeIfindex();
    t.match(String(ifindex), /^[1-9]\d{6}$/);
    t.notOk(existsSync(nodePath(ifindex)));
  }
});

t.test('a device that is not told of, among others that are', async (t) => {
  const before = openFds();
  const events = DeviceEvents.open()._unsafeUnwrap();
  sh('ip link add plain type veth peer name other');
  t.match(events.deviceOf('plain', 5)._unsafeUnwrapErr(), { call: 'uevent', code: 'ENODEV', detail: /plain/ });
  events[Symbol.dispose]();
  t.equal(openFds(), before);
});

t.test('what the kernel tells of a device, and what only looks like it', async (t) => {
  const { netlinkReceive } = native;
  t.teardown(() => Object.assign(native, { netlinkReceive }));
  const path = '/devices/virtual/net/fdb1/macvtap/tap5';
  const told = [
    `remove@${path}\0MAJOR=1\0MINOR=1\0`,
    `add@${path.replace('fdb1', 'xfdb1')}\0MAJOR=1\0MINOR=1\0`,
    `add@${path}6\0MAJOR=1\0MINOR=1\0`,
    `add@${path}\0SUBSYSTEM=macvtap\0`,
    `add@${path}\0ACTION=add\0MAJOR=246\0MINOR=3\0DEVNAME=tap5\0`,
  ];
  using events = DeviceEvents.open()._unsafeUnwrap();
  Object.assign(native, { netlinkReceive: (_fd: number, room: Buffer) => room.write(told.shift() ?? '', 'latin1') });
  t.same(events.deviceOf('fdb1', 5)._unsafeUnwrap(), { major: 246, minor: 3 });
  t.same(told, []);
  Object.assign(native, { netlinkReceive: () => -105 });
  t.match(events.deviceOf('fdb1', 5)._unsafeUnwrapErr(), { code: 'ENOBUFS' });
});

t.test('a node that is not there is not told as unlocked', async (t) => {
  t.same(unlockedNodes([1, 2])._unsafeUnwrap(), []);
  t.same(unlockedNodes([])._unsafeUnwrap(), []);
});

t.test('more locks than there is time for are not looked through', async (t) => {
  const lock = '1: OFDLCK ADVISORY  READ -1 00:05:100 0 EOF\n';
  const list = (count: number) => join(t.testdir({ locks: lock.repeat(count) }), 'locks');
  t.same(unlockedNodes([1], list(5000))._unsafeUnwrap(), []);
  t.match(unlockedNodes([1], list(10_000))._unsafeUnwrapErr(), { call: 'read /proc/locks', code: 'EFBIG' });
  t.match(unlockedNodes([1], '/proc')._unsafeUnwrapErr(), { call: 'read /proc/locks', code: 'EISDIR' });
  t.match(unlockedNodes([1], '/nowhere')._unsafeUnwrapErr(), { call: 'read /proc/locks', code: 'ENOENT' });
});

t.test('arguments', async (t) => {
  t.throws(() => native.macvtapOpen('x'.repeat(40), 1, 0), RangeError);
  t.throws(() => native.closesTake(0, new Uint32Array(4) as never), TypeError);
  t.equal(native.macvtapOpen('/dev/null', 1, 4), -116, 'ESTALE: /dev/null is 1, 3');
  t.equal(native.macvtapOpen('/dev', 1, 3), -116);
  t.equal(native.closesTake(-1, new Int32Array(4)), -9);
});
