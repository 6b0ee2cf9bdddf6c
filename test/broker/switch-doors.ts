/** The sockets by which broker, switch and keeper find each other, and who else comes to them: other users, and root with rubbish. */
import { chmodSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { connectSeqpacket, listenSeqpacket, receive, send } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from '../support/ask.js';
import { broadcast, frame, station } from '../support/frames.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { asNobody, noNobody } from '../support/nobody.js';
import { seenBy } from '../support/seen-ports.js';
import { switchPids } from '../support/switch-pids.js';
import { type StageGuest, SwitchStage } from '../support/switch-stage.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const stage = await SwitchStage.start(t);
const { socket } = stage.daemon;
const [switchDoor, keeperDoor] = [`${socket}.switch`, `${socket}.keeper`];
const one = await stage.guest();
// For it there is a keeper
await stage.guest('lab', 'tap');
const ports = async () => dataOf(await ask(socket, { verb: 'ports' }));
const before = await ports();
const [switchPid, keeperPid] = [() => switchPids(socket)[0], () => keepersAt(keeperDoor)[0]];
let said = 0;

/** The next frame that came; undefined: none, or the guest has none as yet. */
const next = ({ fd }: StageGuest) =>
  receive(fd.fd, 0).match(
    (got) => (got.tag === 'message' ? got.bytes : undefined),
    () => undefined,
  );

/** A switch that has just ended makes none; a second later there is another. */
async function guestAgain(): Promise<StageGuest> {
  for (;;) {
    const guest = await stage.guest().catch(() => undefined);
    if (guest !== undefined) return guest;
    await delay(50);
  }
}

/** A frame from one goes to the other, said again until it does. */
async function carries(): Promise<void> {
  said += 1;
  const bytes = frame(broadcast, station(1), new Uint8Array(46).fill(said));
  const third = await guestAgain();
  for (let tries = 0; ; tries += 1) {
    if (tries % 20 === 0) send(one.fd.fd, bytes, []).unwrapOr(undefined);
    if (next(third)?.[14] === said) break;
    await delay(10);
  }
  third.fd.close();
}

/** Frames go, the ledger is right, and the switch tells of itself. */
async function asBefore(t: Test): Promise<void> {
  await carries();
  t.ok((await seenBy(socket)).ports.length >= before.length, 'broker and switch speak to each other');
  await until(async () => (await ports()).length === before.length);
  t.same(await ports(), before, 'the ledger is as it was');
}

/** Everything but an order; with descriptors, whose number is a message's most. */
const rubbish = (fd: OwnedFd): [Uint8Array, number[]][] => {
  const many = Array.from({ length: 253 }, () => fd.fd);
  const words = [
    'x',
    '{}',
    '{"order":"plug"}',
    '{"order":"plug","port":-1}',
    '{"order":"unplug"}',
    'tap\n',
    'keep 1 guest',
    'drop x\n',
    'list',
  ];
  return [
    ...words.map((word): [Uint8Array, number[]] => [Buffer.from(word), []]),
    [Buffer.alloc(1, 0), many],
    [Buffer.alloc(60_000, '['), many],
  ];
};

t.test('another user does not get in', { skip: noNobody }, async (t) => {
  await until(() => keeperPid() !== undefined);
  for (const path of [switchDoor, keeperDoor]) {
    const connected = await asNobody(async () => connectSeqpacket(path));
    t.equal(connected.isErr() && connected.error.code, 'EACCES', path);
  }
  await asBefore(t);
});

t.test('where the door of the switch is open, another user is sent away from it', { skip: noNobody }, async (t) => {
  const pid = switchPid();
  chmodSync(switchDoor, 0o666);
  await asNobody(async () => {
    for (let round = 0; round < 100; round += 1) {
      const held = Array.from({ length: 8 }, () => connectSeqpacket(switchDoor)).filter((one) => one.isOk());
      for (const connection of held) {
        using fd = connection._unsafeUnwrap();
        const [bytes, fds] = rubbish(fd)[round % 11] as [Uint8Array, number[]];
        // It may be closed by now
        send(fd.fd, bytes, fds).unwrapOr(undefined);
        const gone = () =>
          receive(fd.fd, 8).match(
            ({ tag }) => tag === 'end',
            () => true,
          );
        if (round % 10 === 0) await until(gone);
      }
    }
  });
  await asBefore(t);
  t.equal(switchPid(), pid);
});

t.test('a folder where others may write: somebody else listens there first', { skip: noNobody }, async (t) => {
  chmodSync(`${stage.daemon.folder}/run`, 0o777);
  const [switchNow = 0, keeperNow = 0] = [switchPid(), keeperPid()];
  const [first, second] = await asNobody(async () =>
    [switchDoor, keeperDoor].map((path) => listenSeqpacket(path, { mode: 0o666 })._unsafeUnwrap()),
  );
  t.teardown(() => {
    first?.close();
    second?.close();
  });
  // The broker asks for another of each, and finds the stranger
  for (const pid of [switchNow, keeperNow]) process.kill(pid, 'SIGKILL');
  await asBefore(t);
  await until(() => ![undefined, switchNow].includes(switchPid()) && ![undefined, keeperNow].includes(keeperPid()));
  chmodSync(`${stage.daemon.folder}/run`, 0o755);
});

t.test('root with rubbish: the switch goes on, and the broker comes back to it', async (t) => {
  const pid = switchPid();
  for (let round = 0; round < 2; round += 1) {
    const connection = connectSeqpacket(switchDoor)._unsafeUnwrap();
    for (const [bytes, fds] of rubbish(connection)) send(connection.fd, bytes, fds).unwrapOr(undefined);
    await carriesWithout();
    connection.close();
    await asBefore(t);
  }
  t.equal(switchPid(), pid, 'it is the same');
});

/** While somebody else has the broker's place, there are no new ports: frames between those that there are go on. */
async function carriesWithout(): Promise<void> {
  for (let i = 0; i < 10; i += 1) {
    send(one.fd.fd, frame(broadcast, station(1)), [])._unsafeUnwrap();
    await delay(1);
  }
}

t.test('root with rubbish at the keeper: it is told all again', async (t) => {
  for (let round = 0; round < 11; round += 1) {
    using connection = connectSeqpacket(keeperDoor)._unsafeUnwrap();
    const [bytes, fds] = rubbish(connection)[round] as [Uint8Array, number[]];
    send(connection.fd, bytes, fds).unwrapOr(undefined);
    await delay(10);
  }
  await asBefore(t);
  // It has what another switch needs
  process.kill(switchPid() as number, 'SIGKILL');
  await stage.daemon.kill('SIGKILL');
  await stage.daemon.start();
  await asBefore(t);
});
