import t from 'tap';
import { takeBeginning } from '../../src/kernel/beginning.js';

const taken = (note: string | undefined, pid = 12) => {
  const environment: NodeJS.ProcessEnv = { A: 'a', ...(note === undefined ? {} : { FDBROKER_BEGINNING: note }) };
  const beginning = takeBeginning(environment, pid);
  t.same(environment, { A: 'a' }, 'no program finds it');
  return beginning;
};

t.test('a note of this process', async (t) => {
  t.same(taken('12 1024 0000000000000801 0000000000000000 ,0,1,2,3,12'), {
    ...{ openFiles: 1024, ignored: 0x801n, blocked: 0n, fds: [3, 12] },
  });
  t.same(taken('12 1 ffffffffffffffff 1 '), {
    ...{ openFiles: 1, ignored: 2n ** 64n - 1n, blocked: 1n, fds: [] },
  });
});

t.test('a limit that cannot be set is left as it is', async (t) => {
  for (const limit of ['unlimited', '0', '2147483648']) {
    t.same(taken(`12 ${limit} 0 0 ,5`), { ignored: 0n, blocked: 0n, fds: [5] });
  }
});

t.test('none, one of another process, and what is none', async (t) => {
  for (const note of [
    undefined,
    '',
    '13 1024 0 0',
    '12 1024 0',
    '12  0 0',
    '12 -1 0 0',
    '12 1024 0x1 0',
    '12 1 0 0 0',
  ]) {
    t.equal(taken(note), undefined, note ?? 'none');
  }
});
