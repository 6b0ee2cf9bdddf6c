/** 200 ports of every form and network, made and given up in every way: broker, switch and keeper have no descriptor more than before. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Form } from '../../src/core/form.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { send } from '../../src/kernel/seqpacket.js';
import { encodeRequest, type Request } from '../../src/protocol/request.js';
import { ask, connect, dataOf } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon } from '../support/daemon.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { name } from '../support/policy.js';
import { seenBy } from '../support/seen-ports.js';
import { switchPids } from '../support/switch-pids.js';
import { until } from '../support/until.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here up; ip link set there up');
sh('ip address add 192.0.2.1/24 dev here');
const networks = {
  group: { type: 'multicast', group: '239.1.2.3', port: 5000, interface: 'here' },
  wire: { type: 'packet', interface: 'here' },
  far: { type: 'qdes', interface: 'here', id: 1, group: '239.1.2.4' },
  near: { type: 'qdes', interface: 'here', id: 2, group: '239.1.2.4' },
};
const daemon = new Daemon(t, brokerConfig({ networks, rule: { 'max-ports': 400 } }));
await daemon.start();
const names = Object.keys(networks);
const forms = ['dgram', 'stream', 'tap'] as const;
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

interface Guest {
  readonly end: OwnedFd;
  readonly grant: string;
}

const open = (network: string, form: Form): Request => ({ verb: 'open', network: name(network), form, vnetHdr: false });

async function guest(network: string, form: Form): Promise<Guest> {
  const { reply, fds } = await ask(daemon.socket, open(network, form));
  const [end] = fds;
  if (reply?.status !== 'ok' || end === undefined) throw new Error(JSON.stringify(reply));
  return { end, grant: reply.fields.get('grant') ?? '' };
}

const openAt = (pid: number | undefined) => (pid === undefined ? Number.NaN : readdirSync(`/proc/${pid}/fd`).length);
const all = async () => ({
  broker: await daemon.descriptors(),
  switch: openAt(switchPids(daemon.socket)[0]),
  keeper: openAt(keepersAt(`${daemon.socket}.keeper`)[0]),
});

/** Stays, so that switch and keeper do. */
const { end: first } = await guest('group', 'tap');
t.teardown(() => first.close());

/** The ways in which a port is given up. */
const ways: Readonly<Record<string, (one: Guest) => unknown>> = {
  'closed by its guest': ({ end }) => end.close(),
  released: async ({ end, grant }) => {
    await ask(daemon.socket, { verb: 'release', grant: grant as never });
    end.close();
  },
};

type Open = Awaited<ReturnType<typeof all>>;
const noMore = (now: Open, before: Open) =>
  now.broker <= before.broker && now.switch <= before.switch && now.keeper <= before.keeper;

/** Nobody opens or closes anything any more: each number is the same for a while. */
async function settled(): Promise<Open> {
  for (let before = await all(); ; ) {
    await delay(300);
    const now = await all();
    if (noMore(now, before) && noMore(before, now)) return now;
    before = now;
  }
}

async function unharmed(t: Test, deed: () => Promise<void>): Promise<void> {
  const before = await settled();
  await deed();
  await until(async () => (await ports()).length === 1);
  // What is closed elsewhere is so a moment later
  await until(async () => noMore(await all(), before));
  t.pass(`before ${JSON.stringify(before)}, and after ${JSON.stringify(await all())}`);
}

async function someGuests(count: number): Promise<Guest[]> {
  const made: Guest[] = [];
  for (let i = 0; i < count; i += 1) {
    made.push(await guest(names[i % 4] as string, forms[Math.floor(i / 4) % 3] ?? 'dgram'));
  }
  return made;
}

// What each of them opens once, when it is needed first
for (const { end } of await someGuests(12)) end.close();
await seenBy(daemon.socket);
await until(async () => (await ports()).length === 1);

for (const [way, give] of Object.entries(ways)) {
  t.test(`200 ports at once, ${way}`, async (t) => {
    await unharmed(t, async () => {
      const made = await someGuests(200);
      t.equal((await ports()).length, 201);
      for (const one of made) await give(one);
    });
  });
}

t.test('200 ports one after the other, for clients that do not wait for them', async (t) => {
  await unharmed(t, async () => {
    for (let i = 0; i < 200; i += 1) {
      using client = connect(daemon.socket);
      const wish = open(names[i % 4] as string, forms[Math.floor(i / 4) % 3] ?? 'dgram');
      send(client.fd, encodeRequest(wish), []).unwrapOr(undefined);
      // Some go at once, some when it may be on its way
      if (i % 3 > 0) await delay(i % 3);
    }
  });
});

t.test('300 guests that end while the broker does not listen', async (t) => {
  await unharmed(t, async () => {
    const before = openAt(switchPids(daemon.socket)[0]);
    const made = await someGuests(300);
    daemon.signal('SIGSTOP');
    for (const { end } of made) end.close();
    // More is to be told than lies in a socket, so that it hangs up on the broker; uplinks stay until that says otherwise
    await until(() => openAt(switchPids(daemon.socket)[0]) <= before + names.length);
    daemon.signal('SIGCONT');
  });
});

t.test('200 reports that nobody reads', async (t) => {
  await unharmed(t, async () => {
    for (let i = 0; i < 200; i += 1) {
      const { fds } = await ask(daemon.socket, { verb: 'switch', addresses: true });
      for (const fd of fds) fd.close();
    }
  });
});
