import t from 'tap';
import { describeTcp, openTcp } from '../../src/networks/tcp.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { tcpNetwork } from '../support/socket-networks.js';

t.test('a listener is there at once', async (t) => {
  const kernel = new FakeKernel();
  const opened = openTcp(kernel, tcpNetwork('listen'));
  if (opened instanceof Promise) throw new Error('it takes time');
  using port = opened._unsafeUnwrap();
  t.match(port, { ifname: null, server: true });
  t.same(kernel.calls, ['socket', 'bind', 'listen']);
});

t.test('a connection takes time', async (t) => {
  const kernel = new FakeKernel();
  const opened = openTcp(kernel, tcpNetwork('connect'));
  t.ok(opened instanceof Promise);
  const port = (await opened)._unsafeUnwrap();
  t.match(port, { ifname: null, server: false });
  port[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
});

t.test('errors say what mends them', async (t) => {
  const table: ['connect' | 'listen', string, RegExp][] = [
    ['connect', 'ECONNREFUSED', /^network "lan" cannot be opened: connect: ECONNREFUSED; nobody listens at 127.0.0.1:/],
    ['connect', 'ETIMEDOUT', /did not answer in time/],
    ['connect', 'EHOSTUNREACH', /is that host up/],
    ['connect', 'EOTHER', /: connect: EOTHER$/],
    ['listen', 'EADDRINUSE', /127.0.0.1:7001 is in use, and one socket at a time can have it/],
    ['listen', 'EACCES', /no port below 1024/],
  ];
  for (const [role, code, expected] of table) {
    const kernel = new FakeKernel();
    kernel.failAt(1, code);
    const failed = await openTcp(kernel, tcpNetwork(role));
    t.match(failed._unsafeUnwrapErr().what, expected, code);
  }
});

t.test('what it offers', async (t) => {
  t.match(describeTcp(tcpNetwork('listen')), { on: '127.0.0.1:7001', mtu: 1500, guestsReachEachOther: false });
});
