import t from 'tap';
import { parseSwitchdOptions } from '../../src/bin/fdbroker-switchd-options.js';

const parse = (...args: string[]) => parseSwitchdOptions(args, '1.2.3');

t.test('nothing is on unless it is asked for', async (t) => {
  t.same(parse()._unsafeUnwrap(), { realtime: { lockMemory: false }, busyPoll: 0 });
  t.same(
    parse('--broker=fdbroker', '--cpus=0,2-4', '--realtime=10', '--lock-memory', '--busy-poll=50')._unsafeUnwrap(),
    { broker: 'fdbroker', realtime: { lockMemory: true, processors: [0, 2, 3, 4], priority: 10 }, busyPoll: 50 },
  );
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
    ['--fast', /--help lists the options/],
    ['more', /--help lists the options/],
  ] as const) {
    t.match(parse(word)._unsafeUnwrapErr(), wanted, word);
  }
});
