/** Captures and reports in any number, of frames in any number, which nobody reads: guests are served, and so is who asks next. */
import { chmodSync, readSync } from 'node:fs';
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import type { Request } from '../../src/protocol/request.js';
import { ask } from '../support/ask.js';
import { frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { noNobody, withIds } from '../support/nobody.js';
import { name } from '../support/policy.js';
import { portSeen, residentMemory, seenBy } from '../support/seen-ports.js';
import { type StageGuest, SwitchStage } from '../support/switch-stage.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const stage = await SwitchStage.start(t);
const { socket } = stage.daemon;
chmodSync(socket, 0o666);
const [one, other] = [await stage.guest(), await stage.guest()];
const capture: Request = { verb: 'capture', network: name('lab'), bounds: { seconds: 60 } };
const report: Request = { verb: 'switch', addresses: true };

/** Frames that go one by one, from one to the other, in bursts that its socket has room for. */
async function carry(count: number, from = (_i: number) => 1, size = 46): Promise<void> {
  for (let i = 0; i < count; i += 50) {
    for (let k = i; k < i + 50; k += 1) {
      const bytes = frame(station(2), station(from(k)), new Uint8Array(size));
      await until(() => send(one.fd.fd, bytes, []).isOk());
    }
    let heard = 0;
    const hear = ({ fd }: StageGuest) => receive(fd.fd, 0)._unsafeUnwrap().tag === 'message';
    await until(() => {
      while (heard < 50 && hear(other)) heard += 1;
      return heard === 50;
    });
  }
}

interface Asked {
  readonly pipes: OwnedFd[];
  /** Why the others are none. */
  readonly refused: string[];
}

/** Asks so often as that user, and reads no more than the first words. */
async function askOften(uid: number, what: Request, count: number): Promise<Asked> {
  const asked: Asked = { pipes: [], refused: [] };
  for (let i = 0; i < count; i += 1) {
    const { reply, fds } = await withIds({ uid, gid: uid, groups: [] }, () => ask(socket, what));
    const [fd] = fds;
    if (fd === undefined) throw new Error(JSON.stringify(reply));
    const bytes = Buffer.alloc(400);
    const words = bytes.subarray(0, readSync(fd.fd, bytes)).toString('latin1');
    if (words.startsWith('{"tell":"refused"')) {
      asked.refused.push(words);
      fd.close();
    } else asked.pipes.push(fd);
  }
  return asked;
}

const close = (pipes: readonly OwnedFd[]) => {
  for (const fd of pipes) fd.close();
};

// The second is known, and the first has so many addresses that a report of them is more than a pipe holds
send(other.fd.fd, frame(station(1), station(2)), [])._unsafeUnwrap();
await until(async () => (await seenBy(socket)).addresses.length === 1);
await carry(1000, (i) => 1_000_000 + i);
await carry(50);

t.test('so many at once, whoever asks and however often', { skip: noNobody }, async (t) => {
  const { pid } = (await seenBy(socket)).switch;
  await carry(2000);
  const memory = residentMemory(pid);
  const captures: Asked[] = [];
  for (const uid of [0, 20_001, 20_002, 20_003]) captures.push(await askOften(uid, capture, 12));
  for (const { pipes, refused } of captures) {
    t.equal(pipes.length, 2);
    t.equal(refused.length, 10);
    t.match(refused[0], /you have 2 captures under way/);
  }
  const fifth = await askOften(20_004, capture, 3);
  t.match(fifth, { pipes: [], refused: [/8 captures are under way/] });
  const reports = await askOften(0, report, 40);
  t.match(reports.refused[0], /you have 4 reports under way/);
  t.ok(reports.pipes.length >= 4 && reports.refused.length > 0, `${reports.pipes.length} of 40 reports`);

  const before = await withIds({ uid: 20_005, gid: 20_005, groups: [] }, () => ask(socket, report));
  t.equal(before.fds.length, 1, 'somebody else is told');
  close(before.fds);
  // Each of the eight rings is filled several times
  await carry(20_000, () => 1, 1400);
  await carry(20_000);
  const now = residentMemory(pid);
  t.ok(now < memory + 8 * 4 + 64, `${Math.round(memory)} MiB before, ${Math.round(now)} with all these`);

  close([...captures, reports].flatMap(({ pipes }) => pipes));
  await until(async () => {
    const { pipes } = await askOften(20_004, capture, 2);
    close(pipes);
    return pipes.length === 2;
  });
  t.same((await portSeen(socket, other.grant)).drops, {}, 'guests have lost nothing');
});
