/** The broker's way to a real switch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import t, { type Test } from 'tap';
import { SwitchLink } from '../../src/broker/switch-link.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { accept, listenSeqpacket, send } from '../../src/kernel/seqpacket.js';
import { encodeEvent, type Order, type SwitchEvent } from '../../src/protocol/switch-order.js';
import { guestEnd } from '../support/switch-process.js';
import { until } from '../support/until.js';

const plug: Order & { order: 'plug' } = {
  ...{ order: 'plug', port: 0, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1518, addresses: [], label: '' },
};

t.test('a switch that is just coming up takes more ports than lie in its socket, and tells of them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'switch');
  const link = new SwitchLink(path);
  t.teardown(() => link[Symbol.dispose]());
  let ended = false;
  link.handle({
    event: () => undefined,
    found: () => undefined,
    lost: () => {
      ended = true;
    },
  });
  link.start()._unsafeUnwrap();
  const patience = performance.now() + 20_000;
  const ports = 600;
  const guests = Array.from({ length: ports }, (_, port) =>
    guestEnd(t, 'seqpacket', (ours) => link.send({ ...plug, port }, [ours], patience)._unsafeUnwrap()),
  );
  const another = new SwitchLink(path);
  t.teardown(() => another[Symbol.dispose]());
  const found = another.find(15_000);
  if (found === undefined || found === 'coming') throw new Error('the switch does not answer');
  for (const { fds } of found) for (const fd of fds) fd.close();
  t.same(
    found.map(({ order }) => order.port),
    Array.from({ length: ports }, (_, port) => port),
  );
  await until(() => ended);
  another.leave(false);
  // Without guests and broker it ends
  for (const guest of guests) guest.close();
});

/** Who listens as a switch does, and its broker's way to it, with what that is told. */
function stage(t: Test, patience?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'switch');
  const listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
  t.teardown(() => listener.close());
  const link = new SwitchLink(path, patience);
  t.teardown(() => link[Symbol.dispose]());
  const told: (string | readonly number[])[] = [];
  link.handle({
    event: ({ event }) => told.push(event),
    found: (ports) => told.push(ports.map(({ order }) => order.port)),
    lost: () => told.push('lost'),
  });
  const connection = () => {
    const { fd } = accept(listener.fd)._unsafeUnwrap() ?? {};
    if (fd === undefined) throw new Error('nobody has connected');
    t.teardown(() => fd.close());
    return fd;
  };
  const say = (fd: OwnedFd, event: SwitchEvent) => send(fd.fd, encodeEvent(event), [])._unsafeUnwrap();
  return { link, told, connection, say };
}

const port = (number: number): SwitchEvent => {
  const { order: _, ...order } = plug;
  return { event: 'port', order: { ...order, port: number } };
};

t.test('nobody waits for a switch that takes its time', async (t) => {
  const { link, told, connection, say } = stage(t);
  t.equal(link.find(0), 'coming');
  t.same([link.coming, link.connected, link.find(0)], [true, false, 'coming']);
  const fd = connection();
  say(fd, port(3));
  say(fd, port(4));
  say(fd, { event: 'listed' });
  await until(() => told.length > 0);
  t.same(told, [[3, 4]]);
  t.same([link.coming, link.connected], [false, true]);
  say(fd, { event: 'ended', port: 3 });
  await until(() => told.length > 1);
  t.same(told, [[3, 4], 'ended']);
});

t.test('one that goes, or does not answer in time, is none, and is asked again later', async (t) => {
  const gone = stage(t);
  t.equal(gone.link.find(0), 'coming');
  gone.connection().close();
  await until(() => gone.told.length > 0);
  const silent = stage(t, 50);
  t.equal(silent.link.find(0), 'coming');
  silent.say(silent.connection(), port(3));
  await until(() => silent.told.length > 0);
  for (const { link, told } of [gone, silent]) {
    t.same(told, ['lost']);
    t.same([link.coming, link.connected], [false, false]);
    t.equal(link.find(0), undefined, 'there is to be another');
    t.equal(link.find(0), 'coming');
  }
});
