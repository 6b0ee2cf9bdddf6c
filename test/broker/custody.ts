/** What a real keeper keeps: for the broker that gave it, and for the next one. */
import { readdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Keepsakes } from '../../src/broker/custody.js';
import { Keeper } from '../../src/broker/keeper.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import type { PlugOrder } from '../../src/protocol/switch-order.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

inPrivateNamespace();

type Kept = NonNullable<ReturnType<Keepsakes['get']>>;

class Ports implements Keepsakes {
  readonly ports = new Map<number, Kept>();
  readonly [Symbol.iterator] = () => this.ports.values();
  readonly get = (port: number) => this.ports.get(port);
}

const orderOf = (port: number, changes: Partial<PlugOrder> = {}): PlugOrder => ({
  ...{
    port,
    network: 1,
    kind: 'dgram',
    uplink: false,
    isolated: false,
    locked: false,
    maxAddresses: 9,
    maxFrame: 1522,
  },
  ...{ addresses: [], label: `${port}`, ...changes },
});

/** A broker with a keeper; there can be another after it. */
class Scene {
  readonly ports = new Ports();
  readonly keeper: Keeper;

  constructor(
    private readonly t: Test,
    readonly path = `${temporaryFolder(t)}/keeper`,
  ) {
    this.keeper = new Keeper(path);
    this.keeper.follow(this.ports);
    t.teardown(async () => {
      this.keeper.leave(true);
      for (const pid of keepersAt(path)) process.kill(pid, 'SIGKILL');
    });
  }

  /** @returns the guest's end, and the switch's. */
  plug(port: number, changes: Partial<PlugOrder> = {}): [OwnedFd, OwnedFd] {
    const [theirs, ours] = socketPair('seqpacket')._unsafeUnwrap();
    this.t.teardown(() => {
      for (const end of [theirs, ours]) if (end.open) end.close();
    });
    this.ports.ports.set(port, { order: orderOf(port, changes), fds: [ours], leaving: false });
    this.keeper.changed(port);
    return [theirs, ours];
  }

  /** Another broker, after this one was killed. */
  after(): Scene {
    this.keeper[Symbol.dispose]();
    return new Scene(this.t, this.path);
  }

  list(): number[] {
    const found = this.keeper.list();
    for (const { fds } of found) for (const fd of fds) fd.close();
    return found.map(({ order }) => order.port);
  }
}

const words = (text: string) => Buffer.from(text);

t.test('the next broker gets orders and descriptors as they were', async (t) => {
  const first = new Scene(t);
  t.same(first.list(), [], 'nobody is started for a list');
  t.same(keepersAt(first.path), []);
  const [guest, ours] = first.plug(7, { label: '1500 a grant', addresses: ['02:00:00:00:00:01' as never] });
  first.plug(3, { uplink: true, kind: 'multicast' });
  await until(() => keepersAt(first.path).length === 1);
  const second = first.after();
  ours.close();
  const found = second.keeper.list();
  t.same(
    found.map(({ order }) => order),
    [
      orderOf(3, { uplink: true, kind: 'multicast' }),
      orderOf(7, { label: '1500 a grant', addresses: ['02:00:00:00:00:01' as never] }),
    ],
  );
  const copy = found[1]?.fds[0] as OwnedFd;
  send(guest.fd, words('a frame'), [])._unsafeUnwrap();
  t.match(receive(copy.fd, 0)._unsafeUnwrap(), { tag: 'message', bytes: words('a frame') });
  for (const { fds } of found) for (const fd of fds) fd.close();
});

t.test('ports that leave, that go, and whose guest has gone', async (t) => {
  const first = new Scene(t);
  const guests = [1, 2, 3, 4].map((port) => first.plug(port)[0]);
  const ports = first.ports.ports;
  ports.set(1, { ...(ports.get(1) as Kept), leaving: true });
  first.keeper.changed(1);
  ports.delete(2);
  first.keeper.changed(2);
  guests[2]?.close();
  const second = first.after();
  t.same(second.list(), [4]);
});

t.test('a keeper without broker and guests ends', async (t) => {
  const scene = new Scene(t);
  const [guest] = scene.plug(1);
  scene.plug(2, { uplink: true });
  await until(() => keepersAt(scene.path).length === 1);
  guest.close();
  scene.keeper[Symbol.dispose]();
  await until(() => keepersAt(scene.path).length === 0);
});

t.test('another keeper is given everything', async (t) => {
  const scene = new Scene(t);
  const ends = Array.from({ length: 1000 }, (_, port) => scene.plug(port));
  const kept = (pid: number) => readdirSync(`/proc/${pid}/fd`).length - 5;
  const all = () => keepersAt(scene.path).some((pid) => kept(pid) === 1000);
  await until(all);
  t.pass('more than its socket has room for');
  process.kill(keepersAt(scene.path)[0] as number, 'SIGKILL');
  await until(() => keepersAt(scene.path).length === 0);
  await until(all);
  const second = scene.after();
  t.equal(second.list().length, 1000);
  t.equal(ends.length, 1000);
});
