import t from 'tap';
import { describePacket, openPacket } from '../../src/networks/packet.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { packetNetwork } from '../support/socket-networks.js';

const network = packetNetwork({ bare: true });

function kernelWith(change: Parameters<FakeKernel['addBridge']>[1] = {}): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addBridge('eth2', { kind: '', mtu: 9000, ...change });
  return kernel;
}

t.test('one socket with the interface’s MTU, which ends when it is disposed', async (t) => {
  const kernel = kernelWith();
  const port = openPacket(kernel, network)._unsafeUnwrap();
  t.match(port, { ifname: null, ifindex: null, mtu: 9000, server: undefined, to: undefined });
  t.equal(port.fds.length, 1);
  port[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
});

t.test('nothing is left when any call fails', async (t) => {
  const rehearsal = kernelWith();
  openPacket(rehearsal, network)._unsafeUnwrap();
  t.ok(rehearsal.calls.length > 4);
  for (const [at, call] of rehearsal.calls.entries()) {
    const kernel = kernelWith();
    kernel.failAt(at);
    t.match(openPacket(kernel, network)._unsafeUnwrapErr().what, `cannot be opened: ${call}: ENOMEM`);
    t.same(kernel.leftovers(), [], call);
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
    guestsReachEachOther: false,
    hostReachable: false,
    outsideReachable: true,
    uplinks: ['eth2'],
  };
  const caution = "its holder can reach every interface of the broker's network namespace";
  t.match(describePacket(kernelWith(), network), { ...facts, mtu: 9000, caution, problem: null });
  const plain = describePacket(kernelWith(), packetNetwork({ bare: false }));
  t.match(plain, { ...facts, problem: /no form of it is in this version but the bare socket, which takes bare = yes/ });
  t.notHas(plain, { caution });
  t.match(describePacket(new FakeKernel(), network), { mtu: null, problem: /there is no interface eth2/ });
  t.match(describePacket(kernelWith({ up: false }), network), { outsideReachable: false, problem: /eth2 is down/ });
  t.match(describePacket(kernelWith({ carrier: false }), network), { outsideReachable: false, problem: null });
});
