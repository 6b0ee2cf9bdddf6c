import t from 'tap';
import { describeMulticast, openMulticast } from '../../src/networks/multicast.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { multicastNetwork } from '../support/socket-networks.js';

const network = multicastNetwork();

function kernelWith(change: Parameters<FakeKernel['addBridge']>[1] = {}): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addBridge('eth2', { kind: '', ...change });
  return kernel;
}

t.test('one socket that says where to send, and ends when it is disposed', async (t) => {
  const kernel = kernelWith();
  const port = openMulticast(kernel, network)._unsafeUnwrap();
  t.match(port, { ifname: null, ifindex: null, mtu: 1500, to: { address: '239.1.2.3', port: 5000 } });
  t.equal(port.fds.length, 1);
  port[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
});

t.test('nothing is left when any call fails', async (t) => {
  const rehearsal = kernelWith();
  openMulticast(rehearsal, network)._unsafeUnwrap();
  t.ok(rehearsal.calls.length > 5);
  for (const [at, call] of rehearsal.calls.entries()) {
    const kernel = kernelWith();
    kernel.failAt(at, 'EIO');
    t.match(openMulticast(kernel, network)._unsafeUnwrapErr().what, `cannot be opened: ${call}: EIO`);
    t.same(kernel.leftovers(), [], call);
  }
});

t.test('errors with their remedy', async (t) => {
  const told = (kernel: FakeKernel) => openMulticast(kernel, network)._unsafeUnwrapErr().what;
  t.match(told(new FakeKernel()), /there is no interface eth2/);
  t.match(told(kernelWith({ up: false })), /eth2 is down; bring it up with: ip link set eth2 up/);
  const remedies: [string, RegExp][] = [
    ['EINVAL', /: socket: EINVAL; eth2 cannot join 239.1.2.3; has it that family\? See: ip address show eth2$/],
    ['ENODEV', /; eth2 has just gone/],
    ['EADDRNOTAVAIL', /; eth2 has just gone/],
    ['EAFNOSUPPORT', /this host has no IPv6/],
    ['EACCES', /239.1.2.3:5000 is not for the broker, which may take no port below 1024/],
    ['EADDRINUSE', /another program has 239.1.2.3:5000 for itself/],
    ['ENOBUFS', /igmp_max_memberships/],
  ];
  for (const [code, words] of remedies) {
    const kernel = kernelWith();
    kernel.failAt(1, code);
    t.match(told(kernel), words, code);
  }
});

t.test('what it offers', async (t) => {
  t.match(describeMulticast(kernelWith(), network), {
    ...{ on: '239.1.2.3:5000%eth2', mtu: 1500, guestsReachEachOther: true, hostReachable: false },
    ...{ outsideReachable: null, problem: null },
  });
  const alone = multicastNetwork({ loop: false, ttl: 0 });
  t.match(describeMulticast(kernelWith(), alone), { guestsReachEachOther: true, outsideReachable: false });
  t.match(describeMulticast(new FakeKernel(), network), { problem: /there is no interface eth2/ });
});
