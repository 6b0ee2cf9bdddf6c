import { writeSync } from 'node:fs';
import t from 'tap';
import type { Tap } from '../../src/kernel/kernel.js';
import { addBridge, addPort, addTap, fdb, mac, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();
const guest = mac('52:54:00:00:00:01');

/** A broadcast frame of local experimental type 0x88b5 (IEEE 802). */
function frame(source: string): Buffer {
  const bytes = Buffer.alloc(60);
  bytes.fill(0xff, 0, 6);
  bytes.write(source.replaceAll(':', ''), 6, 'hex');
  bytes.writeUInt16BE(0x88b5, 12);
  return bytes;
}

/** What the guest behind a tap sends. */
const sendFrom = (tap: Tap, source: string) => writeSync(tap.fd.fd, frame(source));

t.test('a static entry', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const other = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  const has = (ifindex: number) => kernel.hasStaticEntry(bridge, ifindex, guest, undefined)._unsafeUnwrap();
  t.equal(has(tap.ifindex), false);
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  t.equal(has(tap.ifindex), true);
  t.equal(has(other.ifindex), false, 'it stands on one port');
  t.equal(kernel.hasStaticEntry(bridge, tap.ifindex, mac('52:54:00:00:00:02'), undefined)._unsafeUnwrap(), false);
  t.match(
    fdb('br0', guest).filter((entry) => entry.vlan === undefined),
    [{ ifname: 'tap0', flags: ['sticky'], state: 'static' }],
  );
  sh(`bridge fdb del ${guest} dev tap0 master`);
  t.equal(has(tap.ifindex), false);
});

t.test('an entry on what is no port, and questions about what is no bridge', async (t) => {
  const kernel = openKernel(t);
  const tap = addTap(t, kernel, 'tap0');
  const call = 'RTM_NEWNEIGH (static entry)';
  t.match(kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrapErr(), { call, code: 'EOPNOTSUPP' });
  t.match(kernel.addStaticEntry(99999, guest, undefined)._unsafeUnwrapErr(), { call, code: 'ENODEV' });
  t.match(kernel.hasStaticEntry(99999, tap.ifindex, guest, undefined)._unsafeUnwrapErr(), {
    call: 'RTM_GETNEIGH',
    detail: /\S/,
  });
});

t.test('a learned entry moves when another port sends from the address; a sticky one does not', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const other = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  const learned = '52:54:00:00:00:aa';
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  sendFrom(tap, learned);
  t.match(fdb('br0', learned), [{ ifname: 'tap0', state: '' }]);
  for (const source of [guest, learned]) sendFrom(other, source);
  t.match(fdb('br0', learned), [{ ifname: 'tap1', state: '' }], 'the frames did arrive');
  t.match(fdb('br0', guest), [{ ifname: 'tap0', state: 'static' }]);
  t.equal(kernel.hasStaticEntry(bridge, tap.ifindex, guest, undefined)._unsafeUnwrap(), true);
});

t.test('a learned entry is taken over', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const other = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  sendFrom(other, guest);
  t.match(fdb('br0', guest), [{ ifname: 'tap1' }], 'it was learned');
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  t.match(fdb('br0', guest), [{ ifname: 'tap0', flags: ['sticky'], state: 'static' }]);
  t.equal(kernel.hasStaticEntry(bridge, tap.ifindex, guest, undefined)._unsafeUnwrap(), true);
});

t.test('entries that are not taken over', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const other = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  const refused = (address: string, state: string) => {
    const before = fdb('br0', address);
    t.match(before, [{ state }], address);
    const error = kernel.addStaticEntry(tap.ifindex, mac(address), undefined)._unsafeUnwrapErr();
    t.match(error, { call: 'RTM_NEWNEIGH (static entry)', code: 'EEXIST', errno: 17 });
    t.same(fdb('br0', address), before, 'and it stays');
  };
  kernel.addStaticEntry(other.ifindex, guest, undefined)._unsafeUnwrap();
  refused(guest, 'static');
  sh('bridge fdb add 52:54:00:00:00:03 dev tap1 master static');
  refused('52:54:00:00:00:03', 'static');
  kernel.addStaticEntry(tap.ifindex, mac('52:54:00:00:00:04'), undefined)._unsafeUnwrap();
  refused('52:54:00:00:00:04', 'static');
  refused('02:00:00:00:00:01', 'permanent');
  refused('fe:fd:00:00:00:02', 'permanent');
});

t.test('a locked port passes its granted address alone', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  const arriving = (source: string) => {
    const count = () => shJson('ip -s -j link show dev br0')[0].stats64.rx.packets;
    const before = count();
    sendFrom(tap, source);
    return count() - before;
  };
  const spoofed = '52:54:00:00:00:02';
  t.same([arriving(guest), arriving(spoofed)], [1, 1]);
  for (const learning of [true, false]) {
    kernel.setPortUp(tap.ifindex, { locked: true, learning })._unsafeUnwrap();
    t.same([arriving(guest), arriving('52:54:00:00:00:03')], [1, 0], `learning ${learning}`);
  }
});
