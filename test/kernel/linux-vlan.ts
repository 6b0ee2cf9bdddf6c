import { writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import { LinkEvents } from '../../src/kernel/link-events.js';
import { addBridge, addPort, addTap, fdb, mac, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();
const guest = mac('52:54:00:00:00:01');
const filtering = canFilter();
const options = filtering ? {} : { skip: 'this kernel has no CONFIG_BRIDGE_VLAN_FILTERING: boot one that has' };

function canFilter(): boolean {
  try {
    sh('ip link add probe type bridge vlan_filtering 1; ip link del probe');
    return true;
  } catch (error) {
    if (/not supported/i.test(String(error))) return false;
    throw error;
  }
}

/** A bridge that filters VLANs, with a port that is up. */
function openPort(t: Test) {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0', 'vlan_filtering 1');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  return { kernel, bridge, tap };
}

/** The port's VLANs and their flags, by bridge(8), which writes neighbours as a range. */
function vlans(name: string): unknown[] {
  return shJson(`bridge -j vlan show dev ${name}`)[0]?.vlans ?? [];
}

/** The guest behind the descriptor sends a broadcast without a tag. */
function sendFrom(fd: number, source: string): void {
  const frame = Buffer.alloc(60, 0xff);
  frame.write(source.replaceAll(':', ''), 6, 'hex');
  frame.writeUInt16BE(0x88b5, 12);
  writeSync(fd, frame);
}

t.test(
  'a kernel without VLAN filtering says so',
  { skip: filtering && 'this kernel has VLAN filtering: boot one without' },
  async (t) => {
    const kernel = openKernel(t);
    const bridge = addBridge(t, 'br0');
    const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
    const unsupported = { code: 'EOPNOTSUPP', detail: /VLAN filtering/ };
    t.match(kernel.setAccessVlan(tap.ifindex, 20)._unsafeUnwrapErr(), {
      call: 'RTM_SETLINK (access VLAN)',
      ...unsupported,
    });
    t.match(kernel.portVlans(tap.ifindex)._unsafeUnwrapErr(), { call: 'RTM_GETVLAN', ...unsupported });
  },
);

t.test('a bridge that filters shows it', options, async (t) => {
  const { kernel, bridge } = openPort(t);
  t.match(kernel.linkByIndex(bridge)._unsafeUnwrap()?.bridge, { vlanFiltering: true });
  sh('ip link set br0 type bridge vlan_filtering 0');
  t.match(kernel.linkByIndex(bridge)._unsafeUnwrap()?.bridge, { vlanFiltering: false });
});

t.test("an access VLAN is the port's only one", options, async (t) => {
  const { kernel, tap } = openPort(t);
  const read = () => kernel.portVlans(tap.ifindex)._unsafeUnwrap();
  t.same(read(), [{ vlan: 1, pvid: true, untagged: true }], "the bridge's default");
  for (const vlan of [20, 4094, 1, 1]) {
    kernel.setAccessVlan(tap.ifindex, vlan)._unsafeUnwrap();
    t.same(vlans('tap0'), [{ vlan, flags: ['PVID', 'Egress Untagged'] }]);
    t.same(read(), [{ vlan, pvid: true, untagged: true }]);
  }
  sh('bridge vlan add dev tap0 vid 100-3999; bridge vlan add dev tap0 vid 5 untagged');
  t.equal(read().length, 3902);
  t.same(
    read().filter(({ vlan }) => [1, 5, 100, 3999].includes(vlan)),
    [
      { vlan: 1, pvid: true, untagged: true },
      { vlan: 5, pvid: false, untagged: true },
      { vlan: 100, pvid: false, untagged: false },
      { vlan: 3999, pvid: false, untagged: false },
    ],
  );
  kernel.setAccessVlan(tap.ifindex, 2000)._unsafeUnwrap();
  t.same(vlans('tap0'), [{ vlan: 2000, flags: ['PVID', 'Egress Untagged'] }]);
});

t.test('a port without VLANs, a VLAN that cannot be, and what is no port', options, async (t) => {
  const { kernel, tap } = openPort(t);
  sh('bridge vlan del dev tap0 vid 1');
  t.same(kernel.portVlans(tap.ifindex)._unsafeUnwrap(), []);
  for (const vlan of [0, 4095, 5000]) {
    t.match(kernel.setAccessVlan(tap.ifindex, vlan)._unsafeUnwrapErr(), { code: 'EINVAL' }, `${vlan}`);
  }
  t.same(kernel.portVlans(tap.ifindex)._unsafeUnwrap(), []);
  const loose = addTap(t, kernel, 'loose');
  t.match(kernel.setAccessVlan(loose.ifindex, 20)._unsafeUnwrapErr(), {
    code: 'EOPNOTSUPP',
    detail: /no port of a bridge/,
  });
  t.match(kernel.portVlans(99999)._unsafeUnwrapErr(), { code: 'ENODEV' });
});

t.test('frames belong to the VLAN, and so do entries', options, async (t) => {
  const { kernel, bridge, tap } = openPort(t);
  kernel.setAccessVlan(tap.ifindex, 20)._unsafeUnwrap();
  kernel.addStaticEntry(tap.ifindex, guest, 20)._unsafeUnwrap();
  const has = (vlan: number | undefined) => kernel.hasStaticEntry(bridge, tap.ifindex, guest, vlan)._unsafeUnwrap();
  t.same([has(20), has(30), has(undefined)], [true, false, false]);
  t.match(fdb('br0', guest), [{ ifname: 'tap0', vlan: 20, flags: ['sticky'], state: 'static' }]);
  sendFrom(tap.fd.fd, '52:54:00:00:00:aa');
  t.match(fdb('br0', '52:54:00:00:00:aa'), [{ ifname: 'tap0', vlan: 20, state: '' }]);
  using events = LinkEvents.open()._unsafeUnwrap();
  sh(`bridge fdb del ${guest} dev tap0 vlan 20 master`);
  t.same(
    events.fds.flatMap((fd) => events.read(fd, 100)),
    [{ tag: 'static-entry-gone', ifindex: tap.ifindex, mac: guest, vlan: 20 }],
  );
});

t.test('a learned entry of the VLAN is taken over, a static one is not', options, async (t) => {
  const { kernel, bridge, tap } = openPort(t);
  const other = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  for (const port of [tap, other]) kernel.setAccessVlan(port.ifindex, 20)._unsafeUnwrap();
  sendFrom(other.fd.fd, guest);
  t.match(fdb('br0', guest), [{ ifname: 'tap1', vlan: 20, state: '' }]);
  kernel.addStaticEntry(tap.ifindex, guest, 20)._unsafeUnwrap();
  t.match(fdb('br0', guest), [{ ifname: 'tap0', vlan: 20, state: 'static' }]);
  t.match(kernel.addStaticEntry(other.ifindex, guest, 20)._unsafeUnwrapErr(), { code: 'EEXIST' });
  t.match(kernel.addStaticEntry(tap.ifindex, guest, 20)._unsafeUnwrapErr(), { code: 'EEXIST' });
});

t.test("an entry without a VLAN stands in each of the port's", options, async (t) => {
  const { kernel, bridge, tap } = openPort(t);
  const other = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  sh('bridge vlan add dev tap0 vid 2; bridge vlan add dev tap0 vid 3; bridge vlan add dev tap1 vid 2 pvid untagged');
  const add = (address: string) => kernel.addStaticEntry(tap.ifindex, mac(address), undefined);
  const standing = (address: string) =>
    fdb('br0', address)
      .filter((entry) => entry.ifname === 'tap0' && entry.state === 'static')
      .map((entry) => entry.vlan);
  sendFrom(other.fd.fd, guest);
  t.match(fdb('br0', guest), [{ ifname: 'tap1', vlan: 2, state: '' }], 'learned in the second of three');
  add(guest)._unsafeUnwrap();
  t.same(standing(guest).sort(), [1, 2, 3, undefined]);
  t.match(add(guest)._unsafeUnwrapErr(), { code: 'EEXIST' }, 'as it stands already');
  const has = () => kernel.hasStaticEntry(bridge, tap.ifindex, guest, undefined)._unsafeUnwrap();
  t.equal(has(), true);
  sh(`bridge fdb del ${guest} dev tap0 vlan 3 master`);
  t.equal(has(), false, 'one of them is missing');
  add(guest)._unsafeUnwrap();
  t.equal(has(), true, 'it is put back');
  const taken = '52:54:00:00:00:02';
  sh(`bridge fdb add ${taken} dev tap1 vlan 2 master static`);
  t.match(add(taken)._unsafeUnwrapErr(), { code: 'EEXIST' });
  t.match(
    fdb('br0', taken).filter((entry) => entry.vlan === 2),
    [{ ifname: 'tap1', state: 'static' }],
    'taken in one of them, it stays there',
  );
});
