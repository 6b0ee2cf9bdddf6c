import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Closer } from '../../src/kernel/closer.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, socketPair } from '../../src/kernel/seqpacket.js';
import { openFds, targetOf, untilOpenFds } from '../support/descriptors.js';
import { brew, closersOf, type Poison, type PoisonKind, turn, until } from '../support/poison.js';

function pair(): [OwnedFd, OwnedFd] {
  return socketPair('seqpacket')._unsafeUnwrap();
}

/** Whether the other end has been closed. */
function hasEnded(fd: OwnedFd): boolean {
  return receive(fd.fd, 0)._unsafeUnwrap().tag === 'end';
}

/** By readlink(2), which takes no descriptor itself: that could have this very number. */
function isOpen(fd: number): boolean {
  try {
    return targetOf(fd) !== '';
  } catch {
    return false;
  }
}

/** One descriptor more closed, and known to be. */
async function closeOne(closer: Closer): Promise<void> {
  const [one, other] = pair();
  closer.close(one.release());
  await until(() => hasEnded(other));
  other.close();
}

/** Of a kind that can be had everywhere. */
async function brewed(t: Test, kind: PoisonKind, count: number): Promise<Poison> {
  const poison = await brew(t, kind, count);
  if (typeof poison === 'string') throw new Error(poison);
  return poison;
}

/** A test that leaves no child and no descriptor. */
function tidy(name: string, body: (t: Test) => Promise<void>): void {
  t.test(name, async (t) => {
    const before = openFds();
    await body(t);
    await until(() => closersOf().length === 0);
    await untilOpenFds(before);
    t.equal(openFds(), before);
  });
}

tidy('descriptors are closed, and their numbers are free', async (t) => {
  using closer = new Closer();
  t.equal(closersOf().length, 0, 'no child before there is work');
  t.ok(closer.asleep);
  const pairs = Array.from({ length: 300 }, pair);
  for (const [one] of pairs) closer.close(one.release());
  await until(() => closer.pending === 0);
  t.ok(pairs.every(([, other]) => hasEnded(other)));
  for (const [, other] of pairs) other.close();
  t.match(closersOf(), [{ state: 'S' }], 'one child, which sleeps');
  t.notOk(closer.asleep);
});

tidy('an idle closer sends its child away, and starts another', async (t) => {
  using closer = new Closer({ patience: 1, rest: 1 });
  for (let count = 0; count < 3; count++) {
    await closeOne(closer);
    await until(() => closer.asleep);
    await until(() => closersOf().length === 0);
  }
  t.equal(closer.pending, 0);
});

for (const kind of ['tcp', 'nested'] as const) {
  tidy(`${kind}: what blocks is given up, and its number is free`, async (t) => {
    const poison = await brewed(t, kind, 2);
    const [fd = -1, another = -1] = poison.fds;
    using patient = new Closer({ patience: 3_600_000 });
    patient.close(fd);
    await until(() => !isOpen(fd));
    for (let turns = 0; turns < 1000; turns++) await turn();
    t.equal(patient.pending, 1, 'it does block');
    using hasty = new Closer({ patience: 1 });
    hasty.close(another);
    await closeOne(hasty);
    await until(() => hasty.pending === 0);
    t.notOk(isOpen(another));
    await poison.letGo();
  });
}

tidy('a hundred that block, among others, and the event loop goes on', async (t) => {
  const tcp = await brewed(t, 'tcp', 50);
  const nested = await brewed(t, 'nested', 50);
  using closer = new Closer({ patience: 1 });
  const others: OwnedFd[] = [];
  for (const [index, fd] of tcp.fds.entries()) {
    closer.close(fd);
    const [one, other] = pair();
    closer.close(one.release());
    closer.close(nested.fds[index] ?? -1);
    others.push(other);
  }
  let turns = 0;
  for (; closer.pending > 0; turns++) await turn();
  t.ok(turns > 100, `${turns} turns`);
  t.ok(others.every(hasEnded));
  for (const other of others) other.close();
  await tcp.letGo();
  await nested.letGo();
});

tidy('fuse: what no signal ends keeps a child, and delays nothing else', async (t) => {
  const poison = await brew(t, 'fuse', 3);
  if (typeof poison === 'string') {
    t.pass('FUSE', { skip: poison });
    return;
  }
  const [first = -1, second = -1, third = -1] = poison.fds;
  using closer = new Closer({ patience: 1, rest: 1, mostStuck: 2 });
  closer.close(first);
  await closeOne(closer);
  closer.close(second);
  await until(() => !isOpen(second));
  await until(() => closersOf().filter(({ state }) => state === 'D').length === 2);
  await until(() => closer.pending === 2);
  closer.close(third);
  const [one, other] = pair();
  closer.close(one.release());
  using another = new Closer();
  await closeOne(another);
  t.ok(isOpen(third), 'with as many stuck as may be, the rest waits');
  t.notOk(hasEnded(other));
  t.equal(closer.pending, 4);
  await poison.letGo();
  await until(() => closer.pending === 0);
  t.ok(hasEnded(other), 'and goes on when one is free');
  other.close();
});

tidy('more than the ring holds, while the child is stopped', async (t) => {
  using closer = new Closer();
  await closeOne(closer);
  const [child] = closersOf();
  process.kill(child?.pid ?? 0, 'SIGSTOP');
  await until(() => closersOf()[0]?.state === 'T');
  const count = 1500;
  for (let made = 0; made < count; made++) {
    for (const end of pair()) closer.close(end.release());
  }
  t.equal(closer.pending, 2 * count);
  await until(() => closer.pending === 0);
  t.notSame(closersOf(), [], 'another child did it');
  t.not(closersOf()[0]?.pid, child?.pid);
});

tidy('a child that was killed is followed by another', async (t) => {
  using closer = new Closer();
  for (let count = 0; count < 5; count++) {
    await closeOne(closer);
    const [child] = closersOf();
    process.kill(child?.pid ?? 0, 'SIGKILL');
    // At once, perhaps before it is known that the child is dead.
    if (count % 2 === 0) await until(() => closersOf().length === 0);
  }
  await closeOne(closer);
  await until(() => closer.pending === 0);
  t.equal(closersOf().length, 1);
});

t.test('whenever its child is killed, nothing is closed twice', async (t) => {
  using closer = new Closer({ patience: 1 });
  const before = openFds();
  const sentinels: { end: OwnedFd; target: string }[] = [];
  const check = () => {
    const { end, target } = sentinels.shift() as { end: OwnedFd; target: string };
    // Throws when the number is free, and differs when it is another's.
    if (targetOf(end.fd) !== target) t.fail(`descriptor ${end.fd} was closed twice`);
    end.close();
  };
  const closeMany = (count: number) => {
    for (let made = 0; made < count; made++) {
      const [one, other] = pair();
      sentinels.push({ end: other, target: targetOf(other.fd) });
      closer.close(one.release());
      if (sentinels.length > 64) check();
    }
  };
  let kills = 0;
  for (let round = 0; round < 100; round++) {
    closeMany(150);
    await turn();
    const children = closersOf();
    // Killed in the midst of its work, wherever that is.
    closeMany(50 + (round % 10));
    kills += children.filter(({ pid }) => kill(pid)).length;
  }
  await until(() => closer.pending === 0);
  while (sentinels.length > 0) check();
  t.ok(kills > 0, `${kills} kills`);
  const open = openFds() - before;
  t.ok(open <= kills, `${open} stayed open`);
});

/** Whether it was there. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** A program that closes what blocks, and stays. */
async function programWithStuckClose(t: Test): Promise<{ program: ChildProcess; child: number; poison: Poison }> {
  const poison = await brewed(t, 'tcp', 1);
  const module = JSON.stringify(new URL('../../src/kernel/closer.js', import.meta.url).href);
  const code = `import { Closer } from ${module};
    new Closer({ patience: 3_600_000 }).close(3);
    setInterval(() => {}, 1000);`;
  const [fd = -1] = poison.fds;
  const program = spawn(process.execPath, ['--jitless', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'inherit', 'inherit', fd],
  });
  t.teardown(() => program.kill('SIGKILL'));
  using closer = new Closer();
  closer.close(fd);
  await until(() => closersOf(program.pid).length === 1);
  await until(() => closer.pending === 0);
  return { program, child: closersOf(program.pid)[0]?.pid ?? 0, poison };
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  tidy(`the child goes when its program ends by ${signal}`, async (t) => {
    const { program, child, poison } = await programWithStuckClose(t);
    const ended = once(program, 'exit');
    program.kill(signal);
    await ended;
    await until(() => !readdirSync('/proc').includes(String(child)));
    t.equal(program.signalCode, signal);
    await poison.letGo();
  });
}
