/** A guest's end and the switch's; whatever fails, nothing is left. */
import { err, ok } from 'neverthrow';
import t from 'tap';
import type { Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { networkError } from '../../src/networks/network.js';
import { openSwitched, type Switchboard } from '../../src/networks/switched.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { mac } from '../support/policy.js';
import { multicastNetwork } from '../support/socket-networks.js';

const network = multicastNetwork();
const grant: Grant = {
  ...{ id: parseGrantId('00000001')._unsafeUnwrap(), uid: 1000, gid: 1000, network: network.name, form: 'dgram' },
  ...{ mac: mac('52:54:00:00:00:01'), holder: 1, since: 1 },
};
const wish = { network, grant, form: 'dgram', mtu: 1500, vnetHdr: true } as const;
const ready = () => undefined;
const openTap = async () => err('no namespaces are allowed');
const life = { whenEnded: () => {}, [Symbol.dispose]: () => {} };

t.test('one end for the guest, the other for the switch', async (t) => {
  const kernel = new FakeKernel();
  const plugged: OwnedFd[] = [];
  const switchboard: Switchboard = {
    ready,
    openTap,
    plug: (_wish, end) => {
      plugged.push(end);
      return ok(life);
    },
  };
  const port = (await openSwitched(kernel, switchboard, wish))._unsafeUnwrap();
  t.match(port, { ifname: null, ifindex: null, mtu: 1500 });
  t.equal(port.life, life);
  t.equal(port.fds.length, 1);
  t.not(port.fds[0], plugged[0]);
  port[Symbol.dispose]();
  plugged[0]?.close();
  t.same(kernel.leftovers(), []);
});

t.test('no pair, no switch', async (t) => {
  const kernel = new FakeKernel();
  const switchboard: Switchboard = {
    ready,
    openTap,
    plug: (_wish, end) => {
      end.close();
      return err(networkError('the switch cannot be started'));
    },
  };
  t.match((await openSwitched(kernel, switchboard, wish))._unsafeUnwrapErr().what, /cannot be started/);
  kernel.failAt(0, 'EMFILE');
  const what = (await openSwitched(kernel, switchboard, wish))._unsafeUnwrapErr().what;
  t.match(what, /network "lan" cannot be opened: socketpair: EMFILE/);
  t.same(kernel.leftovers(), []);
});

t.test('a tap comes from elsewhere, and later', async (t) => {
  const kernel = new FakeKernel();
  const plugged: OwnedFd[] = [];
  const pair = () => kernel.sockets.pair()._unsafeUnwrap();
  const openTap = async (mtu: number, vnetHdr: boolean) => {
    t.same([mtu, vnetHdr], [1500, true]);
    return ok(pair());
  };
  const plug = (_wish: unknown, end: OwnedFd) => {
    plugged.push(end);
    return ok(life);
  };
  const tap = { ...wish, form: 'tap' } as const;
  const port = (await openSwitched(kernel, { ready, openTap, plug }, tap))._unsafeUnwrap();
  t.match(port, { ifname: null, mtu: 1500, life });
  port[Symbol.dispose]();
  plugged[0]?.close();
  const noSwitch = (_wish: unknown, end: OwnedFd) => {
    end.close();
    return err(networkError('the switch cannot be started'));
  };
  t.match(
    (await openSwitched(kernel, { ready, openTap, plug: noSwitch }, tap))._unsafeUnwrapErr().what,
    /cannot be started/,
  );
  kernel.failAt(1, 'EPERM');
  t.match(
    (await openSwitched(kernel, { ready, openTap, plug }, tap))._unsafeUnwrapErr().what,
    /opened: SO_RCVBUF: EPERM/,
  );
  const none = { ready, openTap: async () => err('no namespaces are allowed'), plug };
  const { what } = (await openSwitched(kernel, none, tap))._unsafeUnwrapErr();
  t.equal(what, 'network "lan" cannot be opened: no namespaces are allowed');
  t.same(kernel.leftovers(), []);
});

t.test('a switch that is just coming up is waited for', async (t) => {
  const kernel = new FakeKernel();
  const calls: string[] = [];
  const switchboard: Switchboard = {
    openTap,
    ready: async () => {
      calls.push('ready');
    },
    plug: (_wish, end) => {
      calls.push('plug');
      end.close();
      return ok(life);
    },
  };
  const opening = openSwitched(kernel, switchboard, wish);
  t.ok(opening instanceof Promise);
  (await opening)._unsafeUnwrap()[Symbol.dispose]();
  t.same(calls, ['ready', 'plug']);
  t.same(kernel.leftovers(), []);
});
