import { writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { KernelEvent, LinkChange } from '../../src/kernel/kernel.js';
import { LinkEvents } from '../../src/kernel/link-events.js';
import { addBridge, addPort, addTap, closeTap, fdb, ifname, mac, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();
const guest = mac('52:54:00:00:00:01');

function openEvents(t: Test, room?: number): LinkEvents {
  const events = LinkEvents.open(room)._unsafeUnwrap();
  t.teardown(() => events[Symbol.dispose]());
  return events;
}

/** All that waits. The kernel may tell of a link once more, up to a second later, when its carrier has settled. */
function read(events: LinkEvents): KernelEvent[] {
  return events.fds.flatMap((fd) => events.read(fd, 100_000));
}

const linksOf = (events: readonly KernelEvent[], ifindex: number): LinkChange[] =>
  events.flatMap((event) => (event.tag === 'link' && event.link.ifindex === ifindex ? [event.link] : []));

const others = (events: readonly KernelEvent[]) => events.filter((event) => event.tag !== 'link');

/** A script that gives tap0 one address after the other, by their last bytes. */
const addresses = (last: string) => `for last in ${last}; do ip link set tap0 address fe:fd:00:00:00:$last; done`;

/** Without those of VLANs: where the kernel has them, an entry stands in the default VLAN too. */
const entriesOf = (events: readonly KernelEvent[]) =>
  events.filter((event) => event.tag === 'static-entry-gone' && event.vlan === undefined);

t.test('a life: made, joined, up, renamed, given another address, gone', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const events = openEvents(t);
  const tap = addTap(t, kernel, 'tap0');
  t.same(read(events), [], 'without our alias it is no business of ours');
  const address = mac('fe:fd:00:00:00:01');
  kernel.enslave(tap.ifindex, { mtu: 1500, address, alias: 'fdbroker', master: bridge })._unsafeUnwrap();
  t.match(linksOf(read(events), tap.ifindex).at(-1), { address, master: bridge, up: false });
  kernel.setPortUp(tap.ifindex, { locked: true })._unsafeUnwrap();
  const last = linksOf(read(events), tap.ifindex).at(-1);
  t.match(last, { up: true, carrier: true });
  t.match(kernel.linkByIndex(tap.ifindex)._unsafeUnwrap(), last, 'an event tells what asking does');
  sh('ip link set tap0 down; ip link set tap0 name other');
  t.match(linksOf(read(events), tap.ifindex).at(-1), { up: false });
  sh('ip link set other address 52:54:00:00:00:66');
  t.match(linksOf(read(events), tap.ifindex).at(-1), { address: '52:54:00:00:00:66' });
  closeTap(tap);
  t.same(others(read(events)), [{ tag: 'link-gone', ifindex: tap.ifindex }]);
});

t.test('leaving a bridge is not going', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const events = openEvents(t);
  sh('ip link set tap0 nomaster');
  const told = read(events);
  t.same(others(told), []);
  const last = linksOf(told, tap.ifindex).at(-1);
  t.match(last, { master: 0, up: true });
});

t.test('what the bridge learns and forgets does not reach us; a sticky entry that goes does', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  const events = openEvents(t);
  const frame = Buffer.alloc(60, 0xff);
  for (let source = 0; source < 500; source++) {
    frame.writeUIntBE(0x525400010000 + source, 6, 6);
    writeSync(tap.fd.fd, frame);
  }
  t.match(fdb('br0', '52:54:00:01:01:f3'), [{ ifname: 'tap0', state: '' }], 'it did learn');
  sh('bridge fdb flush dev br0 dynamic 2>/dev/null || ip link set br0 type bridge fdb_flush');
  t.same(fdb('br0', '52:54:00:01:01:f3'), [], 'and forget');
  sh(`bridge fdb add 52:54:00:00:00:02 dev tap0 master static
    bridge fdb del 52:54:00:00:00:02 dev tap0 master
    ip neigh add 192.0.2.1 lladdr ${guest} dev br0 nud permanent; ip neigh del 192.0.2.1 dev br0`);
  t.same(others(read(events)), []);
  sh(`bridge fdb del ${guest} dev tap0 master`);
  const told = others(read(events));
  t.same(entriesOf(told), [{ tag: 'static-entry-gone', ifindex: tap.ifindex, mac: guest }]);
  t.ok(
    told.every((event) => event.tag === 'static-entry-gone' && event.mac === guest),
    'and of no other entry',
  );
});

t.test("a port that takes a guest's address shows, and the entry it deletes", async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const thief = addPort(t, kernel, 'tap1', bridge, 'fe:fd:00:00:00:02');
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  const events = openEvents(t);
  sh(`ip link set tap1 address ${guest}`);
  const told = read(events);
  t.same(entriesOf(told), [{ tag: 'static-entry-gone', ifindex: tap.ifindex, mac: guest }]);
  t.match(linksOf(told, thief.ifindex).at(-1), { address: guest });
  t.equal(kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrapErr().code, 'EEXIST');
  kernel.quarantine(thief.ifindex, mac('fe:fd:00:00:00:02'))._unsafeUnwrap();
  kernel.addStaticEntry(tap.ifindex, guest, undefined)._unsafeUnwrap();
  t.equal(kernel.hasStaticEntry(bridge, tap.ifindex, guest, undefined)._unsafeUnwrap(), true, 'it can be restored');
});

t.test('no more than was asked for at a time', async (t) => {
  const kernel = openKernel(t);
  const events = openEvents(t);
  const [links = -1] = events.fds;
  addTap(t, kernel, 'tap0');
  sh(`ip link set tap0 alias fdbroker; ${addresses('01 02 03 04 05')}`);
  const seen = [];
  for (let got = events.read(links, 2); got.length > 0; got = events.read(links, 2)) {
    t.ok(got.length <= 2);
    seen.push(...got);
  }
  t.match(seen.at(-1), { tag: 'link', link: { address: 'fe:fd:00:00:00:05' } });
  t.ok(seen.length >= 5);
});

t.test('an overrun is told, and events go on after it', async (t) => {
  const kernel = openKernel(t);
  const events = openEvents(t, 1);
  const tap = addTap(t, kernel, 'tap0');
  sh(`ip link set tap0 alias fdbroker; ${addresses('$(seq 10 49)')}`);
  const told = read(events);
  t.equal(told.filter((event) => event.tag === 'overrun').length, 1);
  t.ok(linksOf(told, tap.ifindex).length < 40, 'some were lost');
  sh(addresses('66'));
  t.match(linksOf(read(events), tap.ifindex).at(-1), { address: 'fe:fd:00:00:00:66' });
  t.equal(kernel.linkByName(ifname('tap0'))._unsafeUnwrap()?.address, 'fe:fd:00:00:00:66');
});

t.test('nothing is lost behind an overrun that was told', async (t) => {
  const kernel = openKernel(t);
  const events = openEvents(t, 30_000);
  const tap = addTap(t, kernel, 'tap0');
  const other = addTap(t, kernel, 'tap1');
  sh(`ip link set tap0 alias fdbroker; ${addresses('$(seq 10 99)')}`);
  const [links = -1] = events.fds;
  let told = events.read(links, 1);
  while (!told.some((event) => event.tag === 'overrun')) told = events.read(links, 1);
  closeTap(other);
  t.ok(read(events).some((event) => event.tag === 'link-gone' && event.ifindex === other.ifindex));
  closeTap(tap);
});

t.test('a descriptor that cannot be read tells that events are lost, and does not throw', async (t) => {
  const events = openEvents(t);
  t.same(events.read(-1, 10), [{ tag: 'overrun' }]);
});

t.test('its sockets are closed with it', async (t) => {
  const events = LinkEvents.open()._unsafeUnwrap();
  t.equal(events.fds.length, 2);
  events[Symbol.dispose]();
  t.throws(() => events.fds, /closed/);
});

t.test('of links that do not matter nothing is told', async (t) => {
  using events = LinkEvents.open()._unsafeUnwrap();
  sh('for link in evwanted evother; do ip link add $link type bridge; ip link set $link alias fdbroker; done');
  const [wanted] = shJson('ip -j link show evwanted');
  sh('ip link set evwanted up; ip link set evother up; ip link delete evwanted; ip link delete evother');
  const told = events.fds.flatMap((fd) => events.read(fd, 1000, (ifindex) => ifindex === wanted.ifindex));
  t.ok(told.length > 1);
  t.match(told.at(-1), { tag: 'link-gone', ifindex: wanted.ifindex });
  t.ok(told.every((event) => event.tag !== 'link' || event.link.ifindex === wanted.ifindex));
});
