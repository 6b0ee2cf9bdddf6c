/** What hostile clients do, to a real broker on a real bridge. After each of it the broker is as before. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { send, socketPair } from '../../src/kernel/seqpacket.js';
import { encodeRequest } from '../../src/protocol/request.js';
import { answerOn, ask, connect, dataOf, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { grantedTaps } from '../support/granted-taps.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { inProject } from '../support/project.js';
import { temporaryFolder } from '../support/temporary.js';

inPrivateNamespace();
sh('ip link add br0 type bridge && ip link set br0 up');

const config = brokerConfig();

const taps = () => grantedTaps().length;

async function counters(daemon: Daemon): Promise<Record<string, number>> {
  return dataOf(await ask(daemon.socket, { verb: 'status' }))['counters'] as unknown as Record<string, number>;
}

/** Runs what a client does, and sees that the broker has no descriptor, connection or link more than before. */
async function unharmed(t: Test, daemon: Daemon, attack: () => Promise<void>): Promise<void> {
  const before = await daemon.descriptors();
  await attack();
  await until(async () => (await daemon.descriptors()) <= before && taps() === 0);
  const { reply, fds } = await ask(daemon.socket, openRequest());
  t.equal(reply?.status, 'ok', 'others are served');
  for (const fd of fds) fd.close();
  await until(() => taps() === 0);
}

t.test('messages of every bad kind', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const text = (body: string) => Buffer.from(body);
  const bad: [string, Buffer][] = [
    ['another version', text('fdbroker 2\nverb=status\n')],
    ['no version', text('verb=status\n')],
    ['no line feed', text('fdbroker 1\nverb=status')],
    ['unknown verb', text('fdbroker 1\nverb=drop\n')],
    ['unknown key', text('fdbroker 1\nverb=status\nuid=0\n')],
    ['repeated key', text('fdbroker 1\nverb=open\nnetwork=lan\nnetwork=lan\nform=tap\nvnet-hdr=no\n')],
    ['a key of another verb', text('fdbroker 1\nverb=status\ngrant=00000000\n')],
    ['NUL', text('fdbroker 1\nverb=open\nnetwork=l\0n\nform=tap\nvnet-hdr=no\n')],
    ['a long name', text(`fdbroker 1\nverb=open\nnetwork=${'n'.repeat(64)}\nform=tap\nvnet-hdr=no\n`)],
    ['%d', text('fdbroker 1\nverb=open\nnetwork=fdb%d\nform=tap\nvnet-hdr=no\n')],
    ['a path', text('fdbroker 1\nverb=open\nnetwork=../lan\nform=tap\nvnet-hdr=no\n')],
    ['not UTF-8', Buffer.concat([text('fdbroker 1\nverb='), Buffer.from([0xff, 0xfe]), text('\n')])],
    ['64 KiB of a', Buffer.alloc(65_536, 'a')],
    ['over 64 KiB', Buffer.alloc(65_537, 'a')],
    ['64 KiB of line feeds', Buffer.alloc(65_536, '\n')],
    [
      '64 KiB of keys',
      text(
        `fdbroker 1\n${Array.from({ length: 8000 }, (_, n) => `k${'x'.repeat(n % 9)}=`).join('\n')}\n`.slice(0, 65_536),
      ),
    ],
    ['one byte', Buffer.alloc(1)],
  ];
  for (const [title, bytes] of bad) {
    const { reply } = await ask(daemon.socket, bytes);
    t.match(reply, { status: 'invalid', message: /^bad request: .*docs\/protocol.md/ }, title);
  }
  t.equal((await counters(daemon))['invalid'], bad.length);
  const invalid = () => daemon.audited().filter(({ event }) => event === 'invalid').length;
  await until(() => invalid() >= bad.length);
  t.equal(invalid(), bad.length);
  await unharmed(t, daemon, async () => {
    using connection = connect(daemon.socket);
    send(connection.fd, Buffer.alloc(0), [])._unsafeUnwrap();
    t.equal((await answerOn(connection)).reply, undefined, 'an empty message is the end');
  });
});

t.test('descriptors that nobody asked for are closed and counted', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const [one, other] = socketPair('stream')._unsafeUnwrap();
  await unharmed(t, daemon, async () => {
    const many = Array.from({ length: 253 }, () => one.fd);
    const { reply, fds } = await ask(daemon.socket, openRequest(), many);
    t.equal(reply?.status, 'ok');
    for (const fd of fds) fd.close();
    await ask(daemon.socket, { verb: 'status' }, many);
    await ask(daemon.socket, Buffer.from('nonsense'), many);
  });
  t.equal((await counters(daemon))['surplusFds'], 3 * 252);
  one.close();
  other.close();
});

t.test('connections that end at every point', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  await unharmed(t, daemon, async () => {
    for (let round = 0; round < 100; round++) {
      connect(daemon.socket).close();
      using silent = connect(daemon.socket);
      using asked = connect(daemon.socket);
      send(asked.fd, encodeRequest(openRequest()), [])._unsafeUnwrap();
      if (round % 3 === 1) await delay(1);
      if (round % 3 === 2) await answerOn(asked).then(({ fds }) => fds.map((fd) => fd.close()));
      silent.close();
    }
  });
  t.equal((await counters(daemon))['bugs'], undefined);
});

t.test('many messages on one connection: the first counts', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  await unharmed(t, daemon, async () => {
    using connection = connect(daemon.socket);
    for (let count = 0; count < 20; count++) send(connection.fd, encodeRequest(openRequest()), []).unwrapOr(undefined);
    const { reply, fds } = await answerOn(connection);
    t.equal(reply?.status, 'ok');
    for (const fd of fds) fd.close();
    t.equal((await answerOn(connection)).reply, undefined);
  });
});

t.test('a reply that is never read', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const lazy = connect(daemon.socket);
  send(lazy.fd, encodeRequest(openRequest()), [])._unsafeUnwrap();
  await until(() => taps() === 1);
  const { fds } = await ask(daemon.socket, openRequest());
  t.equal(fds.length, 1, 'others are served meanwhile');
  await until(() => taps() === 1);
  await until(() =>
    daemon.audited().some(({ event, reason }) => event === 'ended' && /did not read/.test(String(reason))),
  );
  await until(() => taps() === 1);
  t.equal(dataOf(await ask(daemon.socket, { verb: 'ports' })).length, 1, 'the one that was read');
  t.ok(
    (dataOf(await ask(daemon.socket, { verb: 'status' }))['connections'] as unknown as number) >= 2,
    'it counts until it is gone',
  );
  lazy.close();
  for (const fd of fds) fd.close();
  await until(() => taps() === 0);
});

t.test('a client that hangs up and keeps its descriptor unread counts until it is gone', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const hangUp = join(temporaryFolder(t), 'hang-up');
  execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-o', hangUp, inProject('test/support/hang-up.c')]);
  const connections = async () => dataOf(await ask(daemon.socket, { verb: 'status' }))['connections'] as unknown;
  const lazy = connect(daemon.socket);
  send(lazy.fd, encodeRequest(openRequest()), [])._unsafeUnwrap();
  await until(() => daemon.audited().some(({ event }) => event === 'granted'));
  execFileSync(hangUp, { stdio: ['ignore', 'inherit', 'inherit', lazy.fd] });
  t.equal(await connections(), 2, 'with the one that asks');
  lazy.close();
  await until(async () => (await connections()) === 1);
});

t.test('too many connections of one user, and silent ones', async (t) => {
  const daemon = new Daemon(t, brokerConfig({ broker: { 'max-connections': 8 } }));
  await daemon.start();
  const silent = Array.from({ length: 8 }, () => connect(daemon.socket));
  await until(async () => (await ask(daemon.socket, { verb: 'status' })).reply?.status === 'busy');
  using ninth = connect(daemon.socket);
  t.match((await answerOn(ninth)).reply, { status: 'busy', message: /has 8 connections/ });
  for (const connection of silent) t.equal((await answerOn(connection)).reply, undefined, 'silence ends it');
  await until(async () => (await ask(daemon.socket, { verb: 'status' })).reply?.status === 'ok');
  t.equal((await counters(daemon))['silent'], 8);
  for (const connection of silent) connection.close();
});
