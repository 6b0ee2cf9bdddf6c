/** Networks with an access VLAN, from the configuration to frames on a trunk. */
import { writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Request } from '../../src/protocol/request.js';
import { ask } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { inPrivateNamespace, sh, shJson, skipFile } from '../support/namespace.js';
import { mac, name } from '../support/policy.js';

inPrivateNamespace();
try {
  sh('ip link add br0 address 02:00:00:00:00:01 type bridge vlan_filtering 1');
} catch (error) {
  if (!/not supported/i.test(String(error))) throw error;
  skipFile('this kernel has no CONFIG_BRIDGE_VLAN_FILTERING; test/qemu/debian-kernel.ts runs this on one that has');
}
// The trunk leads out of the bridge; what arrives with a tag is counted at the tag's own interface
sh(`echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
ip link add trunk type veth peer name outside
ip link set trunk master br0
for link in br0 trunk outside; do ip link set $link up; done
for vlan in 20 30; do
  bridge vlan add dev trunk vid $vlan
  ip link add outside.$vlan link outside type vlan id $vlan
  ip link set outside.$vlan up
done`);

// Links come up on their own time
await until(() => shJson('bridge -j link show dev trunk')[0].state === 'forwarding');
await until(() => shJson('ip -j link show type vlan').every((link: { operstate: string }) => link.operstate === 'UP'));

const config = brokerConfig({
  networks: { office: { vlan: 20 }, workshop: { vlan: 30 }, vault: { vlan: 20, 'lock-mac': 'yes' } },
});
const daemon = new Daemon(t, config);
await daemon.start();

const granted = '52:54:00:00:00:20';
const dot1q = '8100';

t.test('what a guest sends leaves with the tag of its network', async (t) => {
  const [office, workshop] = [await open(t, 'office'), await open(t, 'workshop')];
  const before = arrived();
  send(office);
  await until(() => arrived().office > before.office);
  send(workshop);
  await until(() => arrived().workshop > before.workshop);
  t.same(arrived(), { office: before.office + 1, workshop: before.workshop + 1 });
});

t.test('a guest cannot tag its way into another VLAN', async (t) => {
  const office = await open(t, 'office');
  const before = arrived();
  send(office, { tag: 30 });
  send(office);
  await until(() => arrived().office > before.office);
  t.same(arrived(), { ...before, office: before.office + 1 });
});

t.test('a locked port in a VLAN passes the granted address alone', async (t) => {
  const vault = await open(t, 'vault', granted);
  const before = arrived();
  send(vault, { source: '52:54:00:00:00:99' });
  send(vault, { source: granted });
  await until(() => arrived().office > before.office);
  t.same(arrived(), { ...before, office: before.office + 1 });
});

/** Takes a port without vnet_hdr, so that one write is one frame. @returns its descriptor; it ends with the test. */
async function open(t: Test, network: string, address?: string): Promise<number> {
  const asked = address === undefined ? {} : { mac: mac(address) };
  const request: Request = { verb: 'open', network: name(network), form: 'tap', vnetHdr: false, ...asked };
  const { reply, fds } = await ask(daemon.socket, request);
  const [tap] = fds;
  if (reply?.status !== 'ok' || tap === undefined) throw new Error(JSON.stringify(reply));
  t.teardown(() => tap.close());
  return tap.fd;
}

/** A broadcast. */
function send(fd: number, { source = granted, tag }: { source?: string; tag?: number } = {}): void {
  const tagged = tag === undefined ? '' : `${dot1q}${tag.toString(16).padStart(4, '0')}`;
  const head = Buffer.from(`ffffffffffff${source.replaceAll(':', '')}${tagged}88b5`, 'hex');
  writeSync(fd, Buffer.concat([head, Buffer.alloc(60 - head.length)]));
}

/** Frames that came out of the trunk, by VLAN. */
function arrived(): { office: number; workshop: number } {
  const count = (vlan: number) => shJson(`ip -s -j link show dev outside.${vlan}`)[0].stats64.rx.packets;
  return { office: count(20), workshop: count(30) };
}
