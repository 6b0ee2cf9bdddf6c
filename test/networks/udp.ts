import t from 'tap';
import { describeUdp, openUdp } from '../../src/networks/udp.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { udpNetwork } from '../support/socket-networks.js';

const network = udpNetwork('[::1]:7001', '[2001:db8::7]:7002');

t.test('one socket, which ends when it is disposed', async (t) => {
  const kernel = new FakeKernel();
  const port = openUdp(kernel, network)._unsafeUnwrap();
  t.match(port, { ifname: null, ifindex: null, mtu: 1500, server: undefined });
  t.equal(port.fds.length, 1);
  port[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
});

t.test('an error names the address that it is about', async (t) => {
  const kernel = new FakeKernel();
  const errorAt = (at: number, code: string) => {
    kernel.failAt(at, code);
    return openUdp(kernel, network)._unsafeUnwrapErr().what;
  };
  t.equal(
    errorAt(1, 'EADDRINUSE'),
    'network "lan" cannot be opened: bind: EADDRINUSE; [::1]:7001 is in use, and one socket at a time can have it; try again when it is free',
  );
  t.match(errorAt(1, 'EADDRNOTAVAIL'), /::1 is no address of this host/);
  t.match(errorAt(2, 'ENETUNREACH'), /no route to 2001:db8::7/);
  t.match(errorAt(0, 'EAFNOSUPPORT'), /no IPv6/);
});

t.test('what it offers', async (t) => {
  t.same(describeUdp(network), {
    ...{ on: '[::1]:7001', mtu: 1500, guestsReachEachOther: false, hostReachable: false, outsideReachable: null },
    problem: null,
  });
});
