import { constants } from 'node:os';
import t from 'tap';
import { check, sysError } from '../../src/kernel/errno.js';

t.test('every errno has its name of errno(3)', async (t) => {
  const alike = new Map([
    ['ENOTSUP', 'EOPNOTSUPP'],
    ['EWOULDBLOCK', 'EAGAIN'],
  ]);
  for (const [name, errno] of Object.entries(constants.errno)) {
    t.same(sysError('call', -errno), { tag: 'sys', call: 'call', code: alike.get(name) ?? name, errno });
  }
  t.equal(sysError('call', -109).code, 'ETOOMANYREFS', 'which Node does not know');
  t.equal(sysError('call', -4000).code, 'E4000');
  t.same(sysError('call', -1, 'why'), { tag: 'sys', call: 'call', code: 'EPERM', errno: 1, detail: 'why' });
});

t.test('what a call returned', async (t) => {
  t.equal(check('call', 0)._unsafeUnwrap(), 0);
  t.equal(check('call', 7)._unsafeUnwrap(), 7);
  t.equal(check('call', -2)._unsafeUnwrapErr().code, 'ENOENT');
});
