import t from 'tap';
import { createLinuxKernel } from '../../src/kernel/linux.js';
import { addBridge, addPort, addTap, ifname, ipLink, isUp, mac, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();
const policy = { learning: false, locked: true, isolated: true, hairpin: true, flood: false };

t.test('what there is, as ip(8) sees it', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'port0', bridge, 'fe:fd:00:00:00:01');
  sh('ip link add veth0 type veth peer name veth1; ip link set veth1 alias "two words"');
  t.teardown(() => sh('ip link del veth0'));
  const links = kernel.listLinks()._unsafeUnwrap();
  const witness = shJson('ip -d -j link show');
  t.same(
    links.map((link) => [link.ifindex, link.name, link.mtu, link.kind, link.alias]),
    // biome-ignore lint/suspicious/noExplicitAny: ip's own JSON
    witness.map((link: any) => [
      link.ifindex,
      link.ifname,
      link.mtu,
      link.linkinfo?.info_kind ?? '',
      link.ifalias ?? '',
    ]),
  );
  for (const link of links) {
    const seen = witness.find((other: { ifindex: number }) => other.ifindex === link.ifindex);
    t.equal(link.address, seen.link_type === 'ether' ? seen.address : '', link.name);
    t.equal(link.up, seen.flags.includes('UP'), link.name);
    t.equal(link.carrier, seen.flags.includes('LOWER_UP'), link.name);
    t.equal(link.master === 0 ? undefined : link.master, seen.master && ipLink(seen.master).ifindex, link.name);
    t.same(kernel.linkByIndex(link.ifindex)._unsafeUnwrap(), link);
    t.same(kernel.linkByName(ifname(link.name))._unsafeUnwrap(), link);
  }
  t.match(kernel.linkByIndex(bridge)._unsafeUnwrap(), { kind: 'bridge', bridge: { vlanFiltering: false } });
  t.match(kernel.linkByIndex(tap.ifindex)._unsafeUnwrap(), { kind: 'tun', tun: { persist: false }, master: bridge });
});

t.test('what there is not', async (t) => {
  const kernel = openKernel(t);
  t.equal(kernel.linkByName(ifname('absent'))._unsafeUnwrap(), undefined);
  t.equal(kernel.linkByIndex(99999)._unsafeUnwrap(), undefined);
  t.match(kernel.linkByIndex(-1)._unsafeUnwrapErr(), { call: 'RTM_GETLINK', code: 'EINVAL' });
});

t.test('joining a bridge', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addTap(t, kernel, 'tap0');
  const alias = `${'é'.repeat(127)}x`;
  const change = { mtu: 1400, address: mac('fe:fd:00:00:00:01'), alias, master: bridge };
  kernel.enslave(tap.ifindex, change)._unsafeUnwrap();
  t.match(ipLink('tap0'), {
    ...{ mtu: 1400, address: 'fe:fd:00:00:00:01', ifalias: alias, master: 'br0', inet6_addr_gen_mode: 'none' },
  });
  t.notOk(isUp('tap0'));
  t.match(kernel.linkByIndex(tap.ifindex)._unsafeUnwrap(), { ...change, up: false });
  const long = kernel.enslave(tap.ifindex, { ...change, alias: 'x'.repeat(256) })._unsafeUnwrapErr();
  t.match(long, { call: 'RTM_NEWLINK (join bridge)', code: 'ERANGE', detail: /\S/ }, 'a longer alias is never cut');
});

t.test('joining a bridge without IPv6', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0', 'mcast_snooping 0');
  const tap = addTap(t, kernel, 'tap0');
  const change = { mtu: 1279, address: mac('fe:fd:00:00:00:01'), alias: 'small', master: bridge };
  kernel.enslave(tap.ifindex, change)._unsafeUnwrap();
  t.match(ipLink('tap0'), { mtu: 1279, ifalias: 'small', master: 'br0' }, 'an MTU below 1280 ends IPv6 on the link');
  kernel.setPortUp(tap.ifindex, {})._unsafeUnwrap();
  t.notOk(sh('cat /proc/net/if_inet6').includes('tap0'));
});

t.test('joining what is no bridge, and links that are not there', async (t) => {
  const kernel = openKernel(t);
  const tap = addTap(t, kernel, 'tap0');
  const change = { mtu: 1500, address: mac('fe:fd:00:00:00:01'), alias: '', master: 1 };
  t.match(kernel.enslave(tap.ifindex, change)._unsafeUnwrapErr(), { code: 'EOPNOTSUPP' });
  t.match(kernel.enslave(tap.ifindex, { ...change, master: 99999 })._unsafeUnwrapErr(), { code: 'EINVAL' });
  t.match(kernel.enslave(99999, change)._unsafeUnwrapErr(), { code: 'ENODEV' });
  t.match(kernel.setPortUp(99999, {})._unsafeUnwrapErr(), { code: 'ENODEV' });
  t.match(kernel.quarantine(99999, change.address)._unsafeUnwrapErr(), { code: 'ENODEV' });
  t.match(kernel.setPortUp(tap.ifindex, policy)._unsafeUnwrapErr(), {
    call: 'RTM_NEWLINK (port policy, up)',
    code: 'EOPNOTSUPP',
  });
  t.notOk(isUp('tap0'), 'a port that did not take its policy does not come up');
});

t.test('port flags', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const port = () => kernel.linkByIndex(tap.ifindex)._unsafeUnwrap()?.port;
  const defaults = { learning: true, locked: false, isolated: false, hairpin: false, flood: true };
  t.same(port(), defaults, 'those left out stay as they are');
  for (const [flag, value] of Object.entries(policy)) {
    kernel.setPortUp(tap.ifindex, { [flag]: value })._unsafeUnwrap();
    t.same(port(), { ...defaults, [flag]: value }, flag);
    const seen = ipLink('tap0').linkinfo.info_slave_data;
    const { learning, locked, isolated, hairpin, flood } = seen;
    t.same({ learning, locked, isolated, hairpin, flood }, { ...defaults, [flag]: value }, `${flag}, as ip has it`);
    kernel.setPortUp(tap.ifindex, defaults)._unsafeUnwrap();
  }
  kernel.setPortUp(tap.ifindex, policy)._unsafeUnwrap();
  t.same(port(), policy);
  t.equal(ipLink('tap0').linkinfo.info_slave_data.state, 'forwarding');
});

t.test('quarantine', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  sh('ip link set tap0 address 52:54:00:00:00:66');
  const address = mac('fe:fd:00:00:00:01');
  kernel.quarantine(tap.ifindex, address)._unsafeUnwrap();
  const link = kernel.linkByIndex(tap.ifindex)._unsafeUnwrap();
  t.match(link, { up: false, master: 0, address, alias: 'tap0' });
  t.notOk(link?.port);
  t.match(ipLink('tap0'), { address, master: undefined });
  t.notOk(isUp('tap0'));
  kernel.quarantine(tap.ifindex, address)._unsafeUnwrap();
  t.match(kernel.linkByIndex(tap.ifindex)._unsafeUnwrap(), { up: false, master: 0, address }, 'twice is the same');
});

t.test('an address that cannot be had does not keep the port up', async (t) => {
  const kernel = openKernel(t);
  const bridge = addBridge(t, 'br0');
  const tap = addPort(t, kernel, 'tap0', bridge, 'fe:fd:00:00:00:01');
  const error = kernel.quarantine(tap.ifindex, 'ff:ff:ff:ff:ff:ff' as never)._unsafeUnwrapErr();
  t.match(error, { call: 'RTM_NEWLINK (address)', code: 'EADDRNOTAVAIL' });
  t.match(kernel.linkByIndex(tap.ifindex)._unsafeUnwrap(), { up: false, master: 0 });
});

t.test('more links than a datagram holds', async (t) => {
  const kernel = openKernel(t);
  for (let count = 0; count < 40; count++) addTap(t, kernel, `many${count}`);
  const links = kernel.listLinks()._unsafeUnwrap();
  t.equal(links.filter((link) => link.name.startsWith('many')).length, 40);
  t.equal(new Set(links.map((link) => link.ifindex)).size, links.length);
});

t.test('its socket is closed with it', async (t) => {
  const kernel = createLinuxKernel()._unsafeUnwrap();
  kernel[Symbol.dispose]();
  t.throws(() => kernel.listLinks(), /closed/);
});
