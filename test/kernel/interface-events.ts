/** What is told of some interfaces, and what of others is not, on the real kernel. */
import t, { type Test } from 'tap';
import { type InterfaceChanges, InterfaceEvents } from '../../src/kernel/interface-events.js';
import { ifname, ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();

function openEvents(t: Test): InterfaceEvents {
  const events = InterfaceEvents.open()._unsafeUnwrap();
  t.teardown(() => events[Symbol.dispose]());
  return events;
}

/** All that waits: of IPv6 something is told up to two seconds later, unless it is off. */
const told = (events: InterfaceEvents): InterfaceChanges => events.read(1_000_000);
sh('echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6');

const make = (name: string) =>
  sh(`ip link add name ${name} type veth peer name far-${name.slice(0, 9)}; ip link set dev ${name} up`);
const drop = (name: string) => sh(`ip link del dev ${name}`);

t.test('names of every length, and none that begins or ends like them', async (t) => {
  const names = ['a', 'ab', 'abc', 'abcd', 'abcdefg', 'abcdefgh', 'abcdefghijkl', 'abcdefghijklmno'];
  const strangers = ['b', 'ba', 'abd', 'abce', 'xbcdefg', 'abcdefgx', 'abcdefghijkx', 'abcdefghijklmnx', 'abcde'];
  const events = openEvents(t);
  events.watch(names.map(ifname), [])._unsafeUnwrap();
  for (const name of strangers) {
    make(name);
    drop(name);
  }
  t.notOk(told(events).any);
  for (const name of names) {
    make(name);
    t.ok(told(events).any, name);
    drop(name);
    t.equal(told(events).gone.size, 1, name);
  }
});

t.test('a link by its number: its addresses, its other name, its end', async (t) => {
  make('here');
  make('other');
  const events = openEvents(t);
  const { ifindex } = ipLink('here');
  sh('ip address add 192.0.2.1/24 dev here');
  t.notOk(told(events).any, 'nothing before it is told what');
  events.watch([], [ifindex])._unsafeUnwrap();
  sh('ip address add 192.0.2.9/24 dev other; ip link set other mtu 1400; ip link del other');
  t.notOk(told(events).any);
  for (const change of ['ip address add 192.0.2.2/24 dev here', 'ip link set here mtu 1400', 'ip link set here down']) {
    sh(change);
    t.ok(told(events).any, change);
  }
  sh('ip link set here name there');
  t.ok(told(events).any);
  sh('ip link del there');
  t.same([...told(events).gone], [ifindex]);
  events.watch([ifname('else')], [])._unsafeUnwrap();
  make('here');
  t.notOk(told(events).any, 'it is these instead');
  drop('here');
});

t.test('a flood of other links takes no room, and what is told meanwhile is not lost', async (t) => {
  const events = openEvents(t);
  events.watch([ifname('here')], [])._unsafeUnwrap();
  make('flood');
  sh('for n in $(seq 250); do ip link set flood mtu $((1000 + n)); ip address add 192.0.2.$n dev flood; done');
  t.notOk(told(events).any);
  make('here');
  t.ok(told(events).any);
  sh('ip link del flood; ip link del here');
});

t.test('more than there is room for: all are told', async (t) => {
  const events = openEvents(t);
  const many = (count: number) => Array.from({ length: count }, (_, i) => ifname(`none${i}`));
  events
    .watch(
      many(128),
      many(128).map((_, i) => 1000 + i),
    )
    ._unsafeUnwrap();
  make('here');
  t.notOk(told(events).any);
  drop('here');
  events.watch(many(129), [])._unsafeUnwrap();
  make('here');
  t.ok(told(events).any);
  drop('here');
});
