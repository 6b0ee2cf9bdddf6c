import t from 'tap';
import { formatNetworks } from '../../src/cli/networks.js';
import type { NetworkListing } from '../../src/protocol/listing.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

const lan: NetworkListing = {
  name: 'lan',
  type: 'bridge',
  forms: ['tap'],
  mtu: 1500,
  on: 'br0',
  bridge: 'br0',
  vlan: 20,
  isolated: false,
  lockMac: true,
  hairpin: false,
  maxQueues: 4,
  vhost: 'auto',
  maxPorts: 16,
  usedPorts: 1,
  guestsReachEachOther: true,
  hostReachable: true,
  outsideReachable: null,
  uplinks: [],
  routed: false,
  filteredBy: ['bridge'],
  vhostAvailable: true,
  capture: false,
  caution: null,
  problem: null,
};

t.test('as people see them', async (t) => {
  const alone: NetworkListing = {
    ...lan,
    name: 'alone',
    isolated: true,
    lockMac: false,
    hairpin: true,
    maxQueues: 1,
    vhost: 'no',
    maxPorts: null,
    guestsReachEachOther: false,
    hostReachable: false,
    outsideReachable: false,
  };
  const wire: NetworkListing = {
    ...{ ...lan, name: 'wire', type: 'macvtap', on: 'eth1', bridge: null, vlan: null, lockMac: false, filteredBy: [] },
    ...{ capture: true, vhostAvailable: false, guestsReachEachOther: null, hostReachable: false },
    ...{ outsideReachable: true, uplinks: ['eth1'], caution: 'the host cannot be reached' },
  };
  const office: NetworkListing = { ...lan, name: 'office', outsideReachable: true, uplinks: ['eth0', 'eth2'] };
  const inner: NetworkListing = { ...lan, name: 'inner', hostReachable: null, outsideReachable: true, routed: true };
  const lab: NetworkListing = {
    ...lan,
    name: 'lab',
    mtu: null,
    on: 'br-lab',
    bridge: 'br-lab',
    vlan: null,
    problem: 'network "lab": there is no bridge\n"br-lab"',
  };
  const expected = `\
NETWORK  TYPE     ON       MTU  VLAN  FORMS  QUEUES  VHOST    PORTS  REACHES                       POLICY
lan      bridge   br0     1500    20  tap         4  auto      1/16  guests,host,outside?          lock-mac
alone    bridge   br0     1500    20  tap         1  no           1  -                             isolated,hairpin
lab      bridge   br-lab     -     -  tap         4  auto      1/16  -                             lock-mac
wire     macvtap  eth1    1500     -  tap         4  missing   1/16  guests?,outside(eth1)         unfiltered,capture
office   bridge   br0     1500    20  tap         4  auto      1/16  guests,host,outside(eth0+1)   lock-mac
inner    bridge   br0     1500    20  tap         4  auto      1/16  guests,host?,outside(routed)  lock-mac
lab: there is no bridge\\x0a"br-lab"
wire: the host cannot be reached
`;
  t.equal(formatNetworks([lan, alone, lab, wire, office, inner], false), expected);
  t.match(formatNetworks([lan, alone, lab], true), '\u001b[31mlab:\u001b[39m there is', 'a problem is red');
});

t.test('none', async (t) => {
  using server = new ScriptedServer(({ ok }) => ok({ data: '[]' })).start();
  const world = { env: { FDBROKER_SOCKET: server.path } };
  t.match(await fdbroker(['networks'], world), { status: 0, stdout: '', stderr: /no rule lets you use a network/ });
  t.same(await fdbroker(['networks', '--json'], world), { status: 0, stdout: '[]\n', stderr: '' });
});

t.test('colours on a terminal', async (t) => {
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify([lan]) })).start();
  const world = { env: { FDBROKER_SOCKET: server.path }, colour: true };
  t.match((await fdbroker(['networks'], world)).stdout, '\u001b[1mNETWORK\u001b[22m');
  t.same(JSON.parse((await fdbroker(['networks', '--json'], world)).stdout), [lan], 'but never in JSON');
});
