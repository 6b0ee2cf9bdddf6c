import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import t from 'tap';
import type { QdesNetwork } from '../../src/core/config.js';
import { readKeyFile } from '../../src/kernel/key-file.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { carriedMtu, describeQdes, planQdesUplink, qdesMtu, type SharedSocket } from '../../src/networks/qdes.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { qdesNetwork } from '../support/socket-networks.js';

const network = qdesNetwork();
const six = qdesNetwork({ group: 'ff15::1:2' });

function kernelWith(change: Parameters<FakeKernel['addBridge']>[1] = {}): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addBridge('eth2', { kind: '', ...change });
  return kernel;
}

const keysOf = (of: QdesNetwork) =>
  of.keyFile === undefined ? ok(undefined) : readKeyFile(of.keyFile, process.geteuid?.() ?? 0);
/** @param sharing who has the socket by now. */
const open = (kernel: FakeKernel, of: QdesNetwork = network, sharing: readonly SharedSocket[] = []) =>
  planQdesUplink(kernel, of, { sharing: () => sharing, keysOf }).andThen((plan) =>
    plan.open().map((fds) => ({ ...plan, fds })),
  );

function close(fds: readonly OwnedFd[]): void {
  for (const fd of fds) fd.close();
}

t.test('a socket of its own, or a copy of the one that other networks have', async (t) => {
  const kernel = kernelWith();
  const first = open(kernel)._unsafeUnwrap();
  t.match(first, { kind: 'qdes', mtu: 1500, line: { id: 4242, group: { address: '239.1.2.3', port: 7755 } } });
  t.ok(kernel.calls.includes('bind'));
  const before = kernel.calls.length;
  const held = { fd: first.fds[0] as OwnedFd, network: 'lan', id: 4242, leaving: false };
  const second = open(kernel, qdesNetwork({ id: 1 }), [held])._unsafeUnwrap();
  t.notOk(kernel.calls.slice(before).includes('bind'));
  t.equal(second.line?.socket, first.line?.socket);
  t.match(
    open(kernel, network, [held])._unsafeUnwrapErr().what,
    /id 4242 is that of network "lan" until its guests have/,
  );
  const again = open(kernel, network, [{ ...held, leaving: true }])._unsafeUnwrap();
  close([...first.fds, ...second.fds, ...again.fds]);
  t.same(kernel.leftovers(), []);
});

t.test('nothing is left when any call fails', async (t) => {
  const rehearsal = kernelWith();
  close(open(rehearsal)._unsafeUnwrap().fds);
  t.ok(rehearsal.calls.length > 7);
  for (const [at, call] of rehearsal.calls.entries()) {
    const kernel = kernelWith();
    kernel.failAt(at, 'EIO');
    t.match(open(kernel)._unsafeUnwrapErr().what, `cannot be opened: ${call}: EIO`);
    t.same(kernel.leftovers(), [], call);
  }
});

t.test('errors with their remedy', async (t) => {
  const told = (kernel: FakeKernel) => open(kernel)._unsafeUnwrapErr().what;
  t.match(told(new FakeKernel()), /there is no interface eth2/);
  t.match(told(kernelWith({ up: false })), /eth2 is down; bring it up with: ip link set eth2 up/);
  const remedies: [string, RegExp][] = [
    ['EINVAL', /: socket: EINVAL; eth2 cannot join 239.1.2.3; has it that family\?/],
    ['ENODEV', /; eth2 has just gone/],
    ['EADDRINUSE', /another program has UDP port 7755 of eth2; end it, or name another port/],
    ['ENOBUFS', /igmp_max_memberships/],
    ['EAFNOSUPPORT', /this host has no IPv6/],
  ];
  for (const [code, words] of remedies) {
    const kernel = kernelWith();
    kernel.failAt(3, code);
    t.match(told(kernel), words, code);
  }
});

t.test('an interface without an address of the family', async (t) => {
  const kernel = kernelWith();
  for (const { ifindex } of kernel.links.values()) kernel.surroundings.addresses.set(ifindex, []);
  const needs = (of: QdesNetwork) => open(kernel, of)._unsafeUnwrapErr().what;
  t.equal(
    needs(network),
    'network "lan": eth2 has no IPv4 address to send from; give it one: ip address add ADDRESS/24 dev eth2',
  );
  t.match(needs(six), /eth2 has no IPv6 address to send from/);
  t.match(describeQdes(kernel, network), { mtu: null, problem: /no IPv4 address/ });
  t.same(kernel.leftovers(), []);
});

t.test('the MTU that fits, and what is carried', async (t) => {
  const mtu = (of: QdesNetwork, link = 1500) => qdesMtu(kernelWith({ mtu: link }), of)._unsafeUnwrap();
  t.equal(mtu(network), 1450);
  t.equal(mtu(six), 1430);
  t.equal(mtu(network, 9000), 8950);
  t.equal(mtu(network, 65_536), 65_485, 'a packet of IP has 65535 bytes');
  t.equal(mtu(qdesNetwork({ mtu: 1600 })), 1600);
  t.equal(carriedMtu(network, 1450), 1500);
  t.equal(carriedMtu(network, 8950), 8950);
  t.equal(carriedMtu(qdesNetwork({ fragment: false }), 1450), 1450);
});

t.test('a way that takes less than the interface', async (t) => {
  const kernel = kernelWith();
  const of = qdesNetwork({ peers: ['192.0.2.8', '192.0.2.9'] });
  kernel.sockets.paths.set('192.0.2.9', 1400);
  t.equal(qdesMtu(kernel, of)._unsafeUnwrap(), 1350);
  t.equal(qdesMtu(kernel, network)._unsafeUnwrap(), 1450, 'where nobody is on it');
  kernel.sockets.paths.set('239.1.2.3', 1300);
  t.equal(describeQdes(kernel, of).mtu, 1250);
  kernel.failAt(2, 'EIO');
  t.match(qdesMtu(kernel, of)._unsafeUnwrapErr().what, /"lan" cannot be opened: IP_MTU: EIO/);
});

t.test('keys', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const keyFile = join(folder, 'lab.key');
  const keyed = qdesNetwork({ keyFile });
  t.match(open(kernelWith(), keyed)._unsafeUnwrapErr().what, /"lan" cannot be opened: .*lab.key is not there; make it/);
  t.match(describeQdes(kernelWith(), keyed).caution, /^its first guest on this host will be refused: .* is not there/);
  writeFileSync(keyFile, 'ab'.repeat(32), { mode: 0o600 });
  const kernel = kernelWith();
  const { fds, line } = open(kernel, keyed)._unsafeUnwrap();
  t.same(line?.keys, ['ab'.repeat(32)]);
  close(fds);
  t.equal(qdesMtu(kernelWith(), keyed)._unsafeUnwrap(), 1418);
  t.notOk('caution' in describeQdes(kernelWith(), keyed));
});

t.test('what it offers', async (t) => {
  t.match(describeQdes(kernelWith(), network), {
    ...{ on: '239.1.2.3:7755%eth2 id 4242', mtu: 1450, guestsReachEachOther: true, hostReachable: false },
    ...{ outsideReachable: null, problem: null },
    caution: /^who can send UDP to port 7755 of this host can put frames into it, because it has no key$/,
  });
  const { group: _, ...named } = qdesNetwork({ peers: ['192.0.2.8', '192.0.2.9'] });
  t.equal(describeQdes(kernelWith(), named).on, 'port 7755%eth2 id 4242, 2 peers');
  t.match(describeQdes(new FakeKernel(), network), { mtu: null, problem: /there is no interface eth2/ });
});
