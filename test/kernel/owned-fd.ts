import t from 'tap';
import { OwnedFd } from '../../src/kernel/owned-fd.js';

function owned() {
  const closed: number[] = [];
  return { closed, fd: new OwnedFd(7, (number) => closed.push(number)) };
}

t.test('it is closed once, by whoever comes first', async (t) => {
  const { closed, fd } = owned();
  t.ok(fd.open);
  t.equal(fd.fd, 7);
  fd.close();
  fd.close();
  fd[Symbol.dispose]();
  t.same(closed, [7]);
  t.notOk(fd.open);
  t.throws(() => fd.fd, /after it was closed or given away/);
});

t.test('using closes it at the end of the block', async (t) => {
  const { closed, fd } = owned();
  {
    using held = fd;
    t.equal(held.fd, 7);
  }
  t.same(closed, [7]);
});

t.test('what was given away is the taker’s to close', async (t) => {
  const { closed, fd } = owned();
  t.equal(fd.release(), 7);
  fd.close();
  t.same(closed, []);
  t.throws(() => fd.fd);
});
