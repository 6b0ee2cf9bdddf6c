import t from 'tap';
import { parseSwitchdOptions } from '../../src/bin/fdbroker-switchd-options.js';

const parse = (...args: string[]) => parseSwitchdOptions(args, '1.2.3', 2);

t.test('nothing is on unless it is asked for', async (t) => {
  t.same(parse()._unsafeUnwrap(), { threads: 1, realtime: { lockMemory: false }, busyPoll: 0 });
  t.same(
    parse('--broker=fdbroker', '--cpus=0,2-4,3', '--realtime=10', '--lock-memory', '--busy-poll=50')._unsafeUnwrap(),
    {
      ...{ broker: 'fdbroker', threads: 4, busyPoll: 50 },
      realtime: { lockMemory: true, processors: [0, 2, 3, 4], priority: 10 },
    },
  );
});

t.test('threads', async (t) => {
  const threads = (available: number, ...args: string[]) =>
    parseSwitchdOptions(args, '1.2.3', available).map((options) => (typeof options === 'string' ? 0 : options.threads));
  for (const [available, own] of [
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [8, 4],
    [256, 4],
  ] as const) {
    t.equal(threads(available)._unsafeUnwrap(), own, `by itself, on ${available} processors`);
    t.equal(threads(available, '--threads=auto')._unsafeUnwrap(), own);
  }
  t.equal(threads(2, '--threads=16')._unsafeUnwrap(), 16);
  t.equal(threads(64, '--cpus=5')._unsafeUnwrap(), 1);
  t.equal(threads(2, '--cpus=1-3')._unsafeUnwrap(), 3, 'those are for the switch alone');
  t.equal(threads(64, '--cpus=1-9')._unsafeUnwrap(), 4);
  t.equal(threads(64, '--cpus=1-9', '--threads=9')._unsafeUnwrap(), 9);
});

t.test('text', async (t) => {
  t.equal(parse('--version')._unsafeUnwrap(), 'fdbroker-switchd 1.2.3\n');
  t.match(parse('--help')._unsafeUnwrap(), /^Usage: fdbroker-switchd /);
});

t.test('what is no such option', async (t) => {
  for (const [word, wanted] of [
    ['--cpus=', /no list as 2,4-7/],
    ['--cpus=3-2', /no list/],
    ['--cpus=a', /no list/],
    ['--realtime=0', /takes 1 to 99/],
    ['--realtime=100', /takes 1 to 99/],
    ['--busy-poll=-1', /microseconds/],
    ['--busy-poll=2000000', /takes 0 to 1000000/],
    ['--threads=0', /--threads takes 1 to 16, or auto/],
    ['--threads=1000', /--threads takes 1 to 16, or auto/],
    ['--threads=-1', /takes 1 to 16/],
    ['--threads=1.5', /takes 1 to 16/],
    ['--threads=two', /takes 1 to 16/],
    ['--threads=', /takes 1 to 16/],
    ['--fast', /--help lists the options/],
    ['more', /--help lists the options/],
  ] as const) {
    t.match(parse(word)._unsafeUnwrapErr(), wanted, word);
  }
  t.match(parse('--cpus=2,3,2', '--threads=3')._unsafeUnwrapErr(), /more than --cpus has processors, which are 2/);
});
