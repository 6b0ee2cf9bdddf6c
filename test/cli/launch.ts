/** Networks opened one after the other, and what is left when one of them is refused. */
import t from 'tap';
import { launch, type Named } from '../../src/cli/launch.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { findNetworks } from '../../src/qemu/command-line.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';
import { TestWorld } from '../support/fdbroker.js';
import { type Script, ScriptedServer } from '../support/scripted-server.js';

const [one, other] = socketPair('stream')._unsafeUnwrap();
t.teardown(() => [one, other].forEach((end) => end.close()));

/** Gives anybody lan, and locked with an address alone that begins with 52:54:00, or with the promise to use any. */
const server = new ScriptedServer((conversation) => {
  answer(conversation);
  conversation.close();
}).start();
t.teardown(() => server[Symbol.dispose]());

function answer({ request, ok, send }: Parameters<Script>[0]): void {
  if (request.verb === 'networks') return ok({ data: '[]' });
  if (request.verb !== 'open') return send('');
  const { network, form, mac, queues = 1, vhost = 'no' } = request;
  const refused = mac === undefined ? network === 'locked' : mac !== 'any' && !mac.startsWith('52:54:00');
  if (refused) return send(encodeReply({ status: 'refused', message: `not with ${mac ?? 'any'}` }));
  if (network !== 'lan' && network !== 'locked') return send(encodeReply({ status: 'denied', message: 'no' }));
  const given = mac === undefined || mac === 'any' ? '52:54:00:00:00:01' : mac;
  const granted = { grant: '1a2b3c4d', network, form, mac: given, mtu: '1500' };
  const device = { queues: String(queues), vhost: vhost === 'no' ? 'no' : 'yes' };
  send(encodeReply(okReply({ ...granted, ...device })), Array(queues * (vhost === 'no' ? 1 : 2)).fill(one.fd));
}

async function start(command: readonly string[], named: readonly Named[] = [], print = false) {
  const world = new TestWorld({ env: { PATH: '/usr/bin:/bin' } });
  const target = { socket: server.path, options: { timeout: 5 } };
  const found = findNetworks(command)._unsafeUnwrap();
  const before = openFds();
  const status = await launch({ command, named, found, print, target }, world);
  await untilOpenFds(before);
  return { status, world };
}

const named = (name: string, network = 'lan'): Named => ({ name, what: `--network ${network}`, wish: { network } });
const netdev = (network: string) => ['-netdev', `fdbroker,id=${network},network=${network}`];

t.test('the command, with what it inherits', async (t) => {
  const { status, world } = await start(['true', ...netdev('lan'), '-x', '{fd:b}'], [named('a'), named('b')]);
  const { file, args, env, fds = [] } = world.became ?? {};
  t.equal(file, '/usr/bin/true');
  t.equal(fds.length, 3);
  t.same(args, ['true', '-netdev', `tap,id=lan,fd=${fds[0]}`, '-x', String(fds[2])]);
  t.same(env, { PATH: '/usr/bin:/bin', FDBROKER_FDS: `a=${fds[1]} b=${fds[2]}` });
  t.equal(status, 126, 'only a failure returns');
  t.equal(world.stderr, 'fdbroker: true cannot be started: this is a test\n');
});

t.test('queues and vhost; nothing is set for QEMU', async (t) => {
  const { world } = await start(['true', '-netdev', 'fdbroker,id=n,network=lan,queues=2,vhost=auto']);
  const [a, b, c, d] = world.became?.fds ?? [];
  t.equal(world.became?.args[2], `tap,id=n,fds=${a}:${b},vhost=on,vhostfds=${c}:${d}`);
  t.same(world.became?.env, { PATH: '/usr/bin:/bin' });
});

t.test('printed, nothing is started', async (t) => {
  const { status, world } = await start(['true', 'a b', '{fd}'], [named('lan')], true);
  t.equal(status, 0);
  t.match(world.stdout, /^FDBROKER_FDS=lan=\d+ true 'a b' \d+\n$/);
  t.equal(world.became, undefined);
});

t.test('a refusal names what was refused, and nothing is started', async (t) => {
  const { status, world } = await start(['true', ...netdev('lan'), ...netdev('lost')]);
  t.equal(status, 1);
  t.equal(world.stderr, 'fdbroker: -netdev fdbroker,id=lost,network=lost: no\n');
  t.equal(world.became, undefined);
  t.match((await start(['true'], [named('x', 'lost')])).world.stderr, 'fdbroker: --network lost: no\n');
  const bad = await start(['true', '-netdev', 'fdbroker,id=n,network=-lan']);
  t.equal(bad.status, 2);
  t.match(bad.world.stderr, /^fdbroker: -netdev .*: "-lan" is not a network name/);
});

t.test('the address of a device is asked for, and need not be given', async (t) => {
  const asked = async (network: string, mac: string) => {
    server.requests.length = 0;
    const done = await start(['true', ...netdev(network), '-device', `e1000,netdev=${network},mac=${mac}`]);
    const opens = server.requests.filter((text) => text.includes('verb=open'));
    return { ...done, macs: opens.map((text) => /^mac=(.*)$/m.exec(text)?.[1]) };
  };
  const good = await asked('locked', '52:54:00:00:00:09');
  t.same(good.macs, ['52:54:00:00:00:09']);
  t.equal(good.world.became?.args[4], 'e1000,netdev=locked,mac=52:54:00:00:00:09');
  const own = await asked('lan', '02:00:00:00:00:09');
  t.same(own.macs, ['02:00:00:00:00:09', undefined]);
  t.ok(own.world.became);
  const locked = await asked('locked', '02:00:00:00:00:09');
  t.match(locked.world.stderr, /: not with 02:00:00:00:00:09\n$/, 'the first refusal is what helps');
});

t.test('where the address of the grant is told, any is promised', async (t) => {
  const device = ['-device', 'e1000,netdev=locked'];
  const { world } = await start(['true', ...netdev('locked'), ...device, '-nic', 'fdbroker,network=locked']);
  t.same(world.became?.args.slice(3, 5), ['-device', 'e1000,netdev=locked,mac=52:54:00:00:00:01']);
  t.match(world.became?.args[6], /^tap,fd=\d+,mac=52:54:00:00:00:01$/);
  const told = await start(['true', '{fd:a},{mac:a}', '{fd:b}'], [named('a', 'locked'), named('b')]);
  t.match(told.world.became?.args[1], /^\d+,52:54:00:00:00:01$/);
  t.match(await start(['true', '{fd:a},{mac:b}'], [named('a', 'locked'), named('b')]), {
    world: { became: undefined },
  });
  t.match(await start(['true', ...netdev('locked')]), { status: 1, world: { became: undefined } });
});

t.test('what is wrong before anything is asked', async (t) => {
  server.requests.length = 0;
  t.match(await start(['no-such-program'], [named('lan')]), { status: 127 });
  await t.rejects(start(['true'], [named('lan'), named('lan')]), { message: /^two networks are named lan/ });
  await t.rejects(start(['true', '{fd:x}'], [named('lan')]), { message: /names none of/ });
  t.same(server.requests, []);
});
