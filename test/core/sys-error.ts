import t from 'tap';
import { describeSysError } from '../../src/core/sys-error.js';

t.test('an error names its call, its errno and the kernel’s words', async (t) => {
  t.equal(describeSysError({ tag: 'sys', call: 'TUNSETIFF', code: 'EBUSY', errno: 16 }), 'TUNSETIFF: EBUSY');
  const detailed = { tag: 'sys', call: 'RTM_NEWLINK', code: 'EINVAL', errno: 22, detail: 'MTU too small' } as const;
  t.equal(describeSysError(detailed), 'RTM_NEWLINK: EINVAL (MTU too small)');
});
