/** Netfilter on bridges, routing and the reverse path filter. */
import t from 'tap';
import { examineForwarding } from '../../../src/cli/doctor/forwarding.js';
import type { LinkFacts } from '../../../src/cli/doctor/links.js';
import { fakeHost, lines } from '../../support/fake-host.js';

const sys = '/proc/sys/net';
const found = (files: Record<string, string>, links: object[] = [], bridges = ['br0'], routed: string[] = []) =>
  lines(examineForwarding(fakeHost({ files }), links as LinkFacts[], bridges, routed));
const nothing = ['ok bridged frames pass by iptables, and nothing else is in the way'];

t.test('netfilter', async (t) => {
  const on = { [`${sys}/bridge/bridge-nf-call-iptables`]: '1', [`${sys}/bridge/bridge-nf-call-arptables`]: '1' };
  t.same(found({}), nothing);
  t.same(found({ [`${sys}/bridge/bridge-nf-call-iptables`]: '0' }), nothing);
  t.match(found(on), [
    /^hint net\.bridge\.bridge-nf-call-iptables, \S+arptables = 1: .* \| sudo sysctl -w \S+-iptables=0 \S+-arptables=0$/,
  ]);
  t.notMatch(found(on)[0], /Docker/);
  t.match(found(on, [{ name: 'docker0', bridge: {} }])[0], /where Docker drops/);
  const own = { name: 'br0', bridge: { nf_call_iptables: 1, nf_call_ip6tables: 0 } };
  t.match(found({}, [own]), [
    /^hint br0 passes .* of iptables \| sudo ip link set br0 type bridge nf_call_iptables 0$/,
  ]);
  t.same(found({}, [{ ...own, name: 'br9' }]), nothing, 'a bridge that is none of ours');
});

t.test('routing', async (t) => {
  const forward = (value: string) => ({ [`${sys}/ipv4/ip_forward`]: value });
  t.same(found(forward('0')), nothing, 'no bridge needs it');
  t.match(found(forward('0'), [], ['br0'], ['br0', 'br1']), [
    /^hint the host routes no IPv4, so guests on br0, br1 .* \| sudo sysctl -w net\.ipv4\.ip_forward=1$/,
  ]);
  t.same(found(forward('1'), [], ['br0'], ['br0']), nothing);
  const filters = (all: string, own: string, name = 'br0') => ({
    ...forward('1'),
    [`${sys}/ipv4/conf/all/rp_filter`]: all,
    [`${sys}/ipv4/conf/${name}/rp_filter`]: own,
  });
  const strict = /^hint rp_filter is strict on br0: .* \| sudo sysctl -w net\.ipv4\.conf\.br0\.rp_filter=2$/;
  t.match(found(filters('1', '0'), [], ['br0'], ['br0']), [strict]);
  t.match(found(filters('0', '1'), [], ['br0'], ['br0']), [strict]);
  t.same(found(filters('1', '2'), [], ['br0'], ['br0']), nothing, 'the greater counts');
  t.same(found(filters('0', '0'), [], ['br0'], ['br0']), nothing);
  t.match(
    found(filters('1', '0', 'br.1'), [], [], ['br.1']),
    [/conf\.br\/1\.rp_filter=2$/],
    'as sysctl(8) writes a dot',
  );
});
