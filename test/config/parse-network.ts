import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';
import { name } from '../support/policy.js';

const networkOf = (text: string) => configOf(text).networks.get(name('lan'));
const least = { type: 'bridge', name: 'lan', origin: { file: 'a.ini', line: 1 }, bridge: 'br0' } as const;
const plain = { ...least, mtu: 'inherit', isolated: false, lockMac: false, hairpin: false, vhost: 'auto' } as const;

t.test('the least, and all keys', async (t) => {
  t.same(networkOf('[network lan]\ntype = bridge\nbridge = br0\n'), plain);
  const text = `[network lan]                 ; the name a user gives: br=lan, network=lan
type     = bridge             ; tap on an existing Linux bridge
bridge   = br0
mtu      = 9000               ; or a number, not below the bridge's
vlan     = 20                 ; access VLAN of the port
isolated = yes                ; port isolation
lock-mac = yes                ; the port passes only the granted MAC address
hairpin  = yes                ; reflective relay
vhost    = yes
`;
  t.same(networkOf(text), {
    ...least,
    mtu: 9000,
    vlan: 20,
    isolated: true,
    lockMac: true,
    hairpin: true,
    vhost: 'yes',
  });
  t.same(networkOf('[network lan]\nbridge = br0\nmtu = inherit\nhairpin = no\ntype = bridge\n'), plain);
});

t.test('names as long as the kernel has them, and not one byte more', async (t) => {
  t.match(networkOf('[network lan]\ntype = bridge\nbridge = a23456789012345\n'), { bridge: 'a23456789012345' });
  const [error, ...rest] = errorsOf('[network lan]\ntype = bridge\nbridge = a234567890123456\n');
  t.match(error, /^a.ini:3: bridge: "a234567890123456" has 16 bytes; an interface name has at most 15/);
  t.equal(rest.length, 0);
  t.match(errorsOf('[network lan]\ntype = bridge\nbridge = ä2345678901234\n'), [/is not an interface name/]);
  t.same(errorsOf(`[network ${'n'.repeat(63)}]\ntype = bridge\nbridge = br0\n`), []);
  t.match(errorsOf(`[network ${'n'.repeat(64)}]\ntype = bridge\nbridge = br0\n`), [
    /^a.ini:1: "n+…" is not the name of a network/,
  ]);
});

t.test('what is refused', async (t) => {
  const table: [string, RegExp][] = [
    ['bridge = tap%d', /^a.ini:4: bridge was given in line 3 already/],
    ['mtu = 67', /^a.ini:4: mtu: "67" is not a number from 68 to 65521, or inherit$/],
    ['mtu = 65522', /from 68 to 65521/],
    ['vlan = 0', /^a.ini:4: vlan: "0" is not a number from 1 to 4094$/],
    ['vlan = 4095', /from 1 to 4094$/],
    ['vlan = none', /from 1 to 4094$/],
    ['isolated = true', /^a.ini:4: isolated: "true" is not allowed; write yes or no$/],
    ['lock-mac = 1', /^a.ini:4: lock-mac: "1" is not allowed; write yes or no$/],
    ['lockmac = yes', /^a.ini:4: lockmac is not a key of \[network\]; did you mean lock-mac\?$/],
    ['hairpin[] = yes', /^a.ini:4: hairpin is no list; write hairpin = yes$/],
    ['parent = eth1', /^a.ini:4: parent is not a key of \[network\]; allowed are type, bridge, mtu, vlan/],
    ['hairpin = yes;', /^a.ini:4: "yes;" holds ; or #/],
  ];
  for (const [line, expected] of table) {
    const errors = errorsOf(`[network lan]\ntype = bridge\nbridge = br0\n${line}\n`);
    t.equal(errors.length, 1, line);
    t.match(errors[0], expected, line);
  }
  for (const bridge of ['tap%d', 'a/b', 'a b', '..', '-x', 'br0:1']) {
    t.match(errorsOf(`[network lan]\ntype = bridge\nbridge = ${bridge}\n`), [
      /^a.ini:3: bridge: .* is not an interface name/,
    ]);
  }
});

t.test('what is missing', async (t) => {
  t.match(errorsOf('\n[network lan]\n'), [/^a.ini:2: \[network lan\] has no type; write type = bridge or /]);
  t.same(errorsOf('\n[network lan]\ntype = bridge\n'), [
    'a.ini:2: [network lan] has no bridge; write bridge = NAME, the bridge that its guests join',
  ]);
  t.match(errorsOf('[network lan]\ntype = brige\nbridge = br0\n'), [
    /^a.ini:2: type: "brige" is not allowed; allowed is bridge or .*udp or tcp or packet or multicast or qdes$/,
  ]);
});
