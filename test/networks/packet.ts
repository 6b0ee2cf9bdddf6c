import t from 'tap';
import { describePacket, openPacket, packetMtu, planPacketUplink } from '../../src/networks/packet.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { packetNetwork } from '../support/socket-networks.js';

const network = packetNetwork({ bare: true });

function kernelWith(change: Parameters<FakeKernel['addBridge']>[1] = {}): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addBridge('eth2', { kind: '', mtu: 9000, ...change });
  return kernel;
}

const openUplink = (kernel: FakeKernel, of = network) => planPacketUplink(kernel, of).andThen((plan) => plan.open());

t.test('one socket with the interface’s MTU, which ends when it is disposed', async (t) => {
  const kernel = kernelWith();
  const port = openPacket(kernel, network)._unsafeUnwrap();
  t.match(port, { ifname: null, ifindex: null, mtu: 9000, server: undefined, to: undefined });
  t.equal(port.fds.length, 1);
  port[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
});

t.test('the switch’s way out, which the interface’s own address is behind', async (t) => {
  const kernel = kernelWith({ address: '02:00:00:00:00:07' });
  const uplink = planPacketUplink(kernel, network)._unsafeUnwrap();
  t.match(uplink, { kind: 'packet', mtu: 9000, addresses: ['02:00:00:00:00:07'] });
  for (const fd of uplink.open()._unsafeUnwrap()) fd.close();
  t.same(kernel.leftovers(), []);
});

t.test('the MTU is the interface’s, or less', async (t) => {
  const mtuOf = (mtu: number | 'inherit', link = 9000) =>
    packetMtu(kernelWith({ mtu: link }), packetNetwork({ mtu })).match(
      (bytes) => bytes,
      ({ what }) => what,
    );
  t.same([mtuOf('inherit'), mtuOf(1400), mtuOf(9000), mtuOf('inherit', 65_535)], [9000, 1400, 9000, 32_768]);
  t.match(mtuOf(9001), /mtu = 9001 is above the 9000 of eth2; say mtu = inherit, or raise that/);
  t.match(mtuOf(40_000, 65_535), /mtu = 40000 is above the 32768, which is the most/);
});

t.test('nothing is left when any call fails', async (t) => {
  for (const open of [openPacket, openUplink]) {
    const rehearsal = kernelWith();
    open(rehearsal, network)._unsafeUnwrap();
    t.ok(rehearsal.calls.length > 4);
    for (const [at, call] of rehearsal.calls.entries()) {
      const kernel = kernelWith();
      kernel.failAt(at);
      t.match(open(kernel, network)._unsafeUnwrapErr().what, `cannot be opened: ${call}: ENOMEM`);
      t.same(kernel.leftovers(), [], call);
    }
  }
});

t.test('errors with their remedy', async (t) => {
  const told = (kernel: FakeKernel) => openPacket(kernel, network)._unsafeUnwrapErr().what;
  t.equal(
    told(new FakeKernel()),
    'network "lan": there is no interface eth2; name one that "ip link" shows as its interface',
  );
  t.match(told(kernelWith({ up: false })), /eth2 is down; bring it up with: ip link set eth2 up/);
  t.match(told(kernelWith({ address: '' })), /eth2 is no Ethernet interface/);
  const remedies: [string, RegExp][] = [
    ['EPERM', /: socket: EPERM; the broker needs CAP_NET_RAW/],
    ['ENODEV', /eth2 has just gone/],
    ['ENETDOWN', /eth2 has just gone down/],
    ['EMFILE', /LimitNOFILE/],
  ];
  for (const [code, words] of remedies) {
    const kernel = kernelWith();
    kernel.failAt(1, code);
    t.match(told(kernel), words, code);
  }
});

t.test('what it offers, and what its users should know', async (t) => {
  const facts = {
    on: 'eth2',
    guestsReachEachOther: true,
    hostReachable: false,
    outsideReachable: true,
    uplinks: ['eth2'],
  };
  const caution = "its holder can reach every interface of the broker's network namespace";
  t.match(describePacket(kernelWith(), network), { ...facts, mtu: 9000, caution, problem: null });
  const plain = describePacket(kernelWith(), packetNetwork({ bare: false }));
  t.match(plain, { ...facts, caution: /guests cannot reach this host's own addresses on eth2/, problem: null });
  t.equal(describePacket(kernelWith(), packetNetwork({ mtu: 1400 })).mtu, 1400);
  t.match(describePacket(new FakeKernel(), network), { mtu: null, problem: /there is no interface eth2/ });
  t.match(describePacket(kernelWith({ up: false }), network), { outsideReachable: false, problem: /eth2 is down/ });
  t.match(describePacket(kernelWith({ carrier: false }), network), { outsideReachable: false, problem: null });
});
