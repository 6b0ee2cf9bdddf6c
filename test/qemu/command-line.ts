/** Whole command lines: what is found, what they become, and what is said of bad ones. */
import t from 'tap';
import { findNetworks, rewrite } from '../../src/qemu/command-line.js';
import type { Backend } from '../../src/qemu/netdev.js';

const mac = '52:54:00:00:00:01';
const one: Backend = { form: 'tap', mac, mtu: 1500, server: false, fds: ['3'], vhostFds: [] };
const two: Backend = { ...one, fds: ['3', '4'], vhostFds: ['5', '6'] };

function rewritten(words: readonly string[], ...backends: Backend[]): string[] {
  return rewrite(words, findNetworks(words)._unsafeUnwrap(), backends);
}

t.test('nothing of ours, nothing found', async (t) => {
  const words = [
    'qemu',
    '-netdev',
    'user,id=n0',
    '-device',
    'e1000,netdev=n0',
    '-nic',
    'none',
    '-netdev',
    '{}',
    '-nic',
  ];
  t.same(findNetworks(words)._unsafeUnwrap(), []);
  t.same(rewritten(words), words);
});

t.test('a netdev and its device', async (t) => {
  const words = ['qemu', '-netdev', 'fdbroker,id=n0,network=lan', '-m', '128', '-device', 'e1000,netdev=n0', '-S'];
  t.match(findNetworks(words)._unsafeUnwrap(), [{ at: 2, option: 'netdev', id: 'n0', wish: { network: 'lan' } }]);
  const changed = ['qemu', '-netdev', 'tap,id=n0,fd=3', '-m', '128', '-device', `e1000,netdev=n0,mac=${mac}`, '-S'];
  t.same(rewritten(words, one), changed);
  t.same(
    rewritten(['q', '-device', 'e1000,netdev=n0', '--netdev', 'fdbroker,network=lan,id=n0'], one),
    ['q', '-device', `e1000,netdev=n0,mac=${mac}`, '--netdev', 'tap,id=n0,fd=3'],
    'in the other order, with two dashes',
  );
});

t.test('each in its own syntax', async (t) => {
  t.same(
    rewritten(
      [
        ...['q', '-netdev', '{"type":"fdbroker","id":"n0","network":"lan","queues":2,"vhost":"auto"}'],
        ...['--device', 'virtio-net-pci,netdev=n0', '-device', '{"driver":"e1000","netdev":"n1"}'],
        ...['-netdev', 'fdbroker,id=n1,network=lab,form=stream'],
      ],
      two,
      { ...one, form: 'stream', server: true },
    ),
    [
      ...['q', '-netdev', '{"type":"tap","id":"n0","fds":"3:4","vhost":true,"vhostfds":"5:6"}'],
      ...['--device', `virtio-net-pci,netdev=n0,mac=${mac},mq=on,vectors=6`],
      ...['-device', `{"driver":"e1000","netdev":"n1","mac":"${mac}"}`],
      ...['-netdev', 'stream,id=n1,addr.type=fd,addr.str=3,server=on'],
    ],
  );
});

t.test('-nic keeps what is the device’s', async (t) => {
  const cases: [nic: string, became: string][] = [
    ['fdbroker,network=lan', `tap,fd=3,mac=${mac}`],
    ['fdbroker,network=lan,queues=1,model=virtio-net-pci', `tap,fd=3,mac=${mac},model=virtio-net-pci`],
    ['fdbroker,model=e1000,mac=52:54:00:00:00:09,network=lan', 'tap,fd=3,model=e1000,mac=52:54:00:00:00:09'],
    ['fdbroker,network=lan,id=a,,b,vhost=auto', `tap,fd=3,mac=${mac},id=a,,b`],
  ];
  for (const [nic, became] of cases) t.same(rewritten(['q', '-nic', nic], one), ['q', '-nic', became]);
  t.match(findNetworks(['q', '-nic', 'fdbroker,network=lan,mac=x'])._unsafeUnwrap(), [
    { option: 'nic', wish: { network: 'lan', form: 'tap', mac: 'x' } },
  ]);
});

t.test('the address that a device names is known, unless the netdev names one', async (t) => {
  const device = ['-device', 'e1000,netdev=n0,mac=52:54:00:00:00:09'];
  const found = (netdev: string) => findNetworks(['q', '-netdev', netdev, ...device])._unsafeUnwrap()[0];
  t.equal(found('fdbroker,id=n0,network=lan')?.deviceMac, '52:54:00:00:00:09');
  t.equal(found('fdbroker,id=n0,network=lan,mac=x')?.deviceMac, undefined);
  t.equal(found('fdbroker,id=n1,network=lan')?.deviceMac, undefined);
  t.match(found('fdbroker,id=n0,network=lan,mac=any'), { deviceMac: '52:54:00:00:00:09', wish: { mac: undefined } });
});

t.test('any address is promised where a device will be told', async (t) => {
  const wished = (...words: string[]) => findNetworks(['q', ...words])._unsafeUnwrap()[0]?.wish.mac;
  const netdev = ['-netdev', 'fdbroker,id=n0,network=lan'];
  t.equal(wished(...netdev, '-device', 'e1000,netdev=n0'), 'any');
  t.equal(wished(...netdev, '-device', '{"driver":"e1000","netdev":"n0"}'), 'any');
  t.equal(wished(...netdev, '-device', 'e1000,netdev=n0,mac=52:54:00:00:00:09'), undefined);
  t.equal(wished(...netdev, '-device', 'e1000,netdev=n1'), undefined, 'no device');
  t.equal(wished('-netdev', 'fdbroker,id=n0,network=lan,mac=any'), 'any', 'as it is said');
  t.equal(wished('-netdev', 'fdbroker,id=n0,network=lan,mac=x', '-device', 'e1000,netdev=n0'), 'x');
  t.equal(wished('-nic', 'fdbroker,network=lan'), 'any');
  t.same(rewritten(['q', '-nic', 'fdbroker,network=lan,mac=any,model=e1000'], one), [
    'q',
    '-nic',
    `tap,fd=3,mac=${mac},model=e1000`,
  ]);
});

t.test('errors name the argument', async (t) => {
  const bad: [words: string[], sentence: RegExp][] = [
    [['-netdev', 'fdbroker,network=lan'], /^-netdev fdbroker,network=lan: "id" is missing; the -device names it/],
    [['--netdev', 'fdbroker,id=n0'], /^-netdev fdbroker,id=n0: "network" is missing/],
    [['-netdev', 'fdbroker,id=n0,network=lan,colour=red'], /it takes no "colour"; it takes id, network, form, queues,/],
    [['-netdev', 'fdbroker,id=n0,network=lan,form=socket'], /QEMU takes no bare socket; choose form=tap/],
    [['-netdev', 'fdbroker,id=n0,network=lan,br'], /: "br" has no value/],
    [['-netdev', '{"type":"fdbroker",}'], /^-netdev \{"type":"fdbroker",\}: it is no JSON object$/],
    [['-nic', 'fdbroker,network=lan,queues=2'], /^-nic fdbroker,.*: -nic cannot have 2 queues; write -netdev fdbroker/],
    [['-nic', 'fdbroker,network=lan,form=dgram'], /-nic cannot take form=dgram; write/],
    [['-nic', '{"type":"fdbroker","network":"lan"}'], /-nic takes no JSON; write/],
    [['-nic', 'fdbroker'], /"network" is missing/],
    [
      ['-netdev', 'fdbroker,id=n0,network=lan', '-netdev', 'fdbroker,id=n0,network=lab'],
      /^-netdev fdbroker,id=n0,network=lab: another one has the id n0$/,
    ],
  ];
  for (const [words, sentence] of bad) t.match(findNetworks(['q', ...words])._unsafeUnwrapErr(), sentence);
});

t.test('a network without a grant is a bug', async (t) => {
  const words = ['q', '-nic', 'fdbroker,network=lan'];
  t.throws(() => rewrite(words, findNetworks(words)._unsafeUnwrap(), []));
});
