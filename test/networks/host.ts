/** The host's own end of a network: how it is planned and made, on the real kernel and on one that fails. */
import t, { type Test } from 'tap';
import type { HostEnd } from '../../src/core/config.js';
import type { SwitchedNetwork } from '../../src/core/switched.js';
import { native } from '../../src/kernel/native.js';
import { isHostTap, planHost } from '../../src/networks/host.js';
import type { OwnPortPlan } from '../../src/networks/network.js';
import { openTunFds } from '../support/descriptors.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { addBridge, ifname, ipLink, isUp, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { multicastNetwork, packetNetwork, qdesNetwork } from '../support/socket-networks.js';

inPrivateNamespace();
sh('ip link add eth2 type veth peer name far; ip link set eth2 addrgenmode none up; ip link set far up');

const by = (how: HostEnd['by'], name: string) => ({ host: { by: how, name: ifname(name) } });
const kernelOf = openKernel(t);

function plan(network: SwitchedNetwork): OwnPortPlan {
  const planned = planHost(kernelOf, network)._unsafeUnwrap();
  if (planned === undefined) throw new Error('there is none');
  return planned;
}

/** Makes it, until the test ends. */
function open(t: Test, network: SwitchedNetwork): OwnPortPlan {
  const planned = plan(network);
  const fds = planned.open()._unsafeUnwrap();
  t.equal(fds.length, 1);
  t.teardown(() => fds.map((fd) => native.close(fd.release())));
  return planned;
}

const refusal = (network: SwitchedNetwork) => planHost(kernelOf, network)._unsafeUnwrapErr().what;

t.test('a network without it', async (t) => {
  t.equal(planHost(kernelOf, packetNetwork())._unsafeUnwrap(), undefined);
});

t.test('a tap of the host’s own, with what the network carries', async (t) => {
  const networks = [
    [packetNetwork(by('tap', 'lab0')), 1500, 1500],
    [packetNetwork({ mtu: 1400, ...by('tap', 'lab1') }), 1400, 1400],
    [multicastNetwork(by('tap', 'lab2')), 1500, 1500],
    [qdesNetwork(by('tap', 'lab3')), 1450, 1500],
    [qdesNetwork({ fragment: false, ...by('tap', 'lab4') }), 1450, 1450],
  ] as const;
  for (const [network, told, carried] of networks) {
    const { host } = network;
    const made = open(t, network);
    t.match(made, { kind: 'host', on: host?.name, mtu: carried, member: true });
    const link = ipLink(host?.name ?? '');
    t.match(link, { mtu: told, address: made.addresses?.[0], ifalias: 'fdbroker host network=lan' });
    t.match(link.address, /^fe:fd:/);
    t.notOk(isUp(host?.name ?? ''), 'the administrator brings it up');
    t.ok(isHostTap(kernelOf.linkByName(ifname(host?.name ?? ''))._unsafeUnwrap() as never));
  }
  const another = plan(packetNetwork(by('tap', 'lab0')));
  t.equal(another.addresses?.[0], ipLink('lab0').address, 'one that is there has its address');
  t.match(another.open()._unsafeUnwrapErr().what, /TUNSETIFF: EBUSY; another program has lab0 open; end it, or name/);
});

t.test('a tap of the administrator’s stays as it is', async (t) => {
  sh('ip tuntap add kept mode tap; ip link set kept mtu 1400 address 02:00:00:00:00:09 up');
  const fds = plan(packetNetwork(by('tap', 'kept')))
    .open()
    ._unsafeUnwrap();
  t.match(ipLink('kept'), { mtu: 1400, address: '02:00:00:00:00:09', ifalias: undefined });
  t.notOk(isHostTap(kernelOf.linkByName(ifname('kept'))._unsafeUnwrap() as never));
  for (const fd of fds) native.close(fd.release());
  t.ok(ipLink('kept'));
  sh('ip link set kept mtu 1501');
  t.equal(
    refusal(packetNetwork(by('tap', 'kept'))),
    'network "lan" cannot have host = tap kept: the MTU of kept, 1501, is above the network\'s 1500; lower it with: ip link set kept mtu 1500',
  );
});

t.test('one of ours that outlived its descriptors is taken again', async (t) => {
  sh('ip tuntap add again mode tap; ip link set again mtu 1300 alias "fdbroker host network=other"');
  open(t, packetNetwork(by('tap', 'again')));
  t.match(ipLink('again'), { mtu: 1500, ifalias: 'fdbroker host network=lan' });
});

t.test('a port of a bridge, as an uplink', async (t) => {
  const ifindex = addBridge(t, 'br0');
  const before = new Set(sh('ip -o link show type tun').match(/fdb[0-9a-f]{8}/g));
  const made = open(t, qdesNetwork(by('bridge', 'br0')));
  t.match(made, { kind: 'host', on: `${ifindex} 1500`, mtu: 1500, member: undefined, addresses: undefined });
  const [name = ''] = (sh('ip -o link show type tun').match(/fdb[0-9a-f]{8}/g) ?? []).filter((one) => !before.has(one));
  t.match(ipLink(name), { master: 'br0', mtu: 1500, ifalias: 'fdbroker host network=lan' });
  t.ok(isUp(name));
  t.match(ipLink('br0'), { mtu: 1500, address: '02:00:00:00:00:01' });
});

t.test('what cannot be had, and what mends it', async (t) => {
  addBridge(t, 'br0');
  addBridge(t, 'wide');
  sh('ip link set wide mtu 9000; ip tuntap add layer3 mode tun; ip tuntap add many mode tap multi_queue');
  const before = openTunFds();
  const table: [SwitchedNetwork, RegExp][] = [
    [packetNetwork(by('tap', 'br0')), /host = tap br0: br0 is there and no tap; name another, which is made then$/],
    [packetNetwork(by('tap', 'layer3')), /layer3 is there and no tap/],
    [
      packetNetwork(by('bridge', 'absent')),
      /host = bridge absent: there is no interface absent; ip link add absent up type/,
    ],
    [packetNetwork(by('bridge', 'far')), /far is not a bridge; name one, or write host = tap/],
    [packetNetwork(by('bridge', 'wide')), /the MTU of wide, 9000, is above the 1500 .* ip link set wide mtu 1500$/],
    [
      qdesNetwork({ fragment: false, ...by('bridge', 'br0') }),
      /the MTU of br0, 1500, is above the 1450 that the network/,
    ],
    [packetNetwork({ mtu: 9000, ...by('tap', 'lab9') }), /mtu = 9000 is above the 1500 of eth2/],
  ];
  for (const [network, expected] of table) t.match(refusal(network), expected);
  const many = plan(packetNetwork(by('tap', 'many')))
    .open()
    ._unsafeUnwrapErr().what;
  t.match(
    many,
    /TUNSETIFF: EINVAL; many is no tap, or one with several queues; make it with: ip tuntap add many mode tap user root$/,
  );
  sh('ip link set eth2 master br0');
  t.match(
    refusal(packetNetwork(by('bridge', 'br0'))),
    /eth2 is a port of br0, so that each frame would come and go twice/,
  );
  t.ok(planHost(kernelOf, multicastNetwork(by('bridge', 'br0'))).isOk(), 'datagrams are other frames');
  sh('ip link set eth2 nomaster');
  t.equal(openTunFds(), before);
});

t.test('nothing is left when any call fails', async (t) => {
  for (const network of [packetNetwork(by('tap', 'lab0')), packetNetwork(by('bridge', 'br0'))]) {
    const kernelWith = () => {
      const kernel = new FakeKernel();
      kernel.addBridge('eth2', { kind: '' });
      kernel.addBridge('br0');
      return kernel;
    };
    const make = (kernel: FakeKernel) =>
      planHost(kernel, network).andThen((planned) => (planned as OwnPortPlan).open());
    const rehearsal = kernelWith();
    make(rehearsal)._unsafeUnwrap();
    t.ok(rehearsal.calls.length > 4);
    for (const [at, call] of rehearsal.calls.entries()) {
      const kernel = kernelWith();
      kernel.failAt(at);
      t.match(make(kernel)._unsafeUnwrapErr().what, /cannot (be opened|have host = .*): .*: ENOMEM/, call);
      t.same(kernel.leftovers(), [], call);
    }
  }
});
