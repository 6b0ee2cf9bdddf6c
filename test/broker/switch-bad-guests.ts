/** What a hostile guest does to a real switch: it never reads, it invents addresses. The others notice nothing. */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { receive, send } from '../../src/kernel/seqpacket.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { portSeen, seenBy } from '../support/seen-ports.js';
import { type StageGuest, SwitchStage, say } from '../support/switch-stage.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const stage = await SwitchStage.start(t);
const { socket } = stage.daemon;

/** Sends it, when its socket has room. */
async function sayPatiently({ fd }: StageGuest, bytes: Uint8Array): Promise<void> {
  await until(() => send(fd.fd, bytes, []).isOk());
}

/** What guests say so that they are known; it may still be on its way later. */
const greeting = 0;

/** Reads until as many frames with that byte as their first of payload came. @returns how many came of others, but greetings. */
async function hearMarked({ fd }: StageGuest, mark: number, count: number): Promise<number> {
  let others = 0;
  for (let heard = 0; heard < count; ) {
    const received = receive(fd.fd, 0)._unsafeUnwrap();
    if (received.tag === 'end') throw new Error('the switch has closed the port');
    if (received.tag === 'nothing') await delay(1);
    else if (received.bytes[14] === mark) heard += 1;
    else if (received.bytes[14] !== greeting) others += 1;
  }
  return others;
}

const marked = (to: Uint8Array, from: number, mark: number, size = 46) =>
  frame(to, station(from), new Uint8Array(size).fill(mark));

async function guests(t: Test, count: number): Promise<StageGuest[]> {
  const all: StageGuest[] = [];
  for (let i = 0; i < count; i += 1) all.push(await stage.guest());
  t.teardown(() => {
    for (const { fd } of all) if (fd.open) fd.close();
  });
  for (const [i, guest] of all.entries()) say(guest, marked(broadcast, i + 1, greeting));
  for (const { grant } of all) await until(async () => (await portSeen(socket, grant)).addresses === 1);
  return all;
}

for (const form of ['dgram', 'stream', 'tap'] as const) {
  t.test(`a guest with a ${form} that never reads`, async (t) => {
    const [one, other] = (await guests(t, 2)) as [StageGuest, StageGuest];
    const lazy = await stage.guest('lab', form);
    t.teardown(() => lazy.fd.close());
    const hello = marked(broadcast, 50, greeting);
    if (form === 'tap') writeSync(lazy.fd.fd, hello);
    else say(lazy, form === 'dgram' ? hello : Uint8Array.of(0, 0, 0, hello.length, ...hello));
    // Until it is a port, the counters are those of the one that had its number before
    await until(async () => (await portSeen(socket, lazy.grant)).addresses === 1);
    const before = await portSeen(socket, lazy.grant);
    const [rounds, burst] = [80, 50];
    for (let round = 1; round <= rounds; round += 1) {
      for (let i = 0; i < burst; i += 1) await sayPatiently(one, marked(broadcast, 1, round, 1400));
      t.equal(await hearMarked(other, round, burst), 0, 'each frame, in order');
    }
    await sayPatiently(other, marked(station(1), 2, 200));
    await hearMarked(one, 200, 1);
    const { txFrames, drops, ...seen } = await portSeen(socket, lazy.grant);
    const lost = drops['egress-full'] ?? 0;
    t.equal(txFrames + lost - before.txFrames, rounds * burst, `${txFrames} frames; lost ${JSON.stringify(drops)}`);
    // A tap's queue drops by itself what it has no room for
    if (form !== 'tap') t.ok(lost > 1000);
    t.equal(seen.kind, form);
    t.same((await portSeen(socket, other.grant)).drops, {}, 'nobody else has lost any');
  });
}

t.test('a guest that invents 30,000 addresses', async (t) => {
  const [liar, ...others] = (await guests(t, 6)) as [StageGuest, ...StageGuest[]];
  const [invented, most] = [30_000, 1024];
  const [witness] = others as [StageGuest];
  // To one that is known: what goes to all is limited, and this is about what is learned
  for (let i = 0; i < invented; i += 100) {
    for (let k = i; k < i + 100; k += 1) await sayPatiently(liar, marked(station(2), 1_000_000 + k, 5));
    await hearMarked(witness, 5, 100);
  }
  const seen = await portSeen(socket, liar.grant);
  t.equal(seen.addresses, most);
  // Its own is one of them
  t.equal(seen.notLearned, invented - (most - 1));
  t.same(seen.drops, {}, 'they are carried all the same');
  const { addresses, ports } = await seenBy(socket);
  t.equal(addresses.length, most + others.length);
  for (const [i, { grant }] of others.entries()) {
    const { port } = ports.find((one) => one.grant === grant) ?? {};
    const own = Buffer.from(station(i + 2))
      .toString('hex')
      .replace(/..\B/g, '$&:');
    t.match(
      addresses.filter(({ address }) => address === own),
      [{ port }],
      'everybody else is where they were',
    );
  }
  const late = await stage.guest();
  t.teardown(() => late.fd.close());
  await sayPatiently(late, marked(station(2), 99, 6));
  await hearMarked(witness, 6, 1);
  await sayPatiently(witness, marked(station(99), 2, 7));
  await hearMarked(late, 7, 1);
  for (let next = receive(liar.fd.fd, 0)._unsafeUnwrap(); next.tag === 'message'; ) {
    t.equal(next.bytes[14], greeting, 'a newcomer is learned, and what is for it is not for all');
    next = receive(liar.fd.fd, 0)._unsafeUnwrap();
  }
});

t.test('a guest whose frames are too long', async (t) => {
  const [one, other] = (await guests(t, 2)) as [StageGuest, StageGuest];
  for (let i = 0; i < 50; i += 1) await sayPatiently(one, marked(broadcast, 1, 9, 3000));
  await sayPatiently(one, marked(broadcast, 1, 10));
  t.equal(await hearMarked(other, 10, 1), 0, 'nobody gets them');
  t.same((await portSeen(socket, one.grant)).drops, { 'too-long': 50 });
  const said = () => stage.daemon.stderr.match(/^fdbrokerd: the switch: .* sends frames of over 1500 bytes/gm) ?? [];
  await until(() => said().length > 0);
  t.match(said(), [new RegExp(`grant ${one.grant} of uid `)], 'it is said, and once');
});
