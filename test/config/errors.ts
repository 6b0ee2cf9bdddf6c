import t from 'tap';
import { ErrorList, formatConfigError } from '../../src/config/errors.js';

t.test('one form for every error', async (t) => {
  const error = { tag: 'config', file: '/etc/a.ini', what: 'x is wrong; y is allowed' } as const;
  t.equal(formatConfigError({ ...error, line: 12 }), '/etc/a.ini:12: x is wrong; y is allowed');
  t.equal(formatConfigError({ ...error, line: 0 }), '/etc/a.ini: x is wrong; y is allowed', 'the file as a whole');
});

t.test('sorted as the files were read, then by line', async (t) => {
  const errors = new ErrorList();
  for (const [file, line] of [
    ['b', 2],
    ['a', 9],
    ['b', 1],
    ['a', 10],
    ['conf.d', 0],
    ['a', 0],
  ] as const) {
    errors.add({ file, line }, 'x');
  }
  const order = errors.sorted(['b', 'a']).map(({ file, line }) => `${file}:${line}`);
  t.same(order, ['conf.d:0', 'b:1', 'b:2', 'a:0', 'a:9', 'a:10']);
});

t.test('garbage does not fill the memory', async (t) => {
  const errors = new ErrorList();
  for (let line = 1; line <= 5000; line++) errors.add({ file: 'a', line }, 'x'.repeat(2000));
  const all = errors.sorted(['a']);
  t.equal(errors.count, 5000);
  t.equal(all.length, 1001);
  t.match(all.at(-1), { line: 1001, what: 'more is wrong from here on; mend the first 1000 errors' });
  t.ok(all.every(({ what }) => what.length <= 1001));
});
