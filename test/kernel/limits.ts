import { execFileSync } from 'node:child_process';
import t from 'tap';
import { openFileLimit } from '../../src/kernel/limits.js';

t.test('the limit of open files is the kernel’s', async (t) => {
  const limit = openFileLimit()._unsafeUnwrap();
  const shown = execFileSync('prlimit', ['--pid', String(process.pid), '--nofile', '--output=SOFT', '--noheadings'], {
    encoding: 'utf8',
  });
  t.equal(String(limit), shown.trim());
});
