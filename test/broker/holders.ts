import t from 'tap';
import { carriedHolder, Holders } from '../../src/broker/holders.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import { openFds } from '../support/descriptors.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { credentials } from '../support/policy.js';

const uid = process.getuid?.() ?? 0;

t.test('the end of a holder is told once, also when it came before anybody asked', async (t) => {
  const [end, other] = socketPair('seqpacket')._unsafeUnwrap();
  const before = openFds();
  for (const early of [true, false]) {
    const kernel = new FakeKernel();
    const holders = new Holders();
    const holder = holders.follow(kernel, 1000, end)._unsafeUnwrap();
    t.equal(holders.size, 1);
    let ends = 0;
    const tell = () => [...kernel.sockets.followed.values()].map((one) => one());
    if (early) tell();
    holder.whenEnded(() => ends++);
    t.equal(ends, early ? 1 : 0);
    tell();
    t.equal(ends, 1);
    for (const _twice of [1, 2]) holder[Symbol.dispose]();
    t.same([holders.size, openFds()], [0, before]);
  }
  end.close();
  other.close();
});

t.test('a process that cannot be followed is told as a sentence', async (t) => {
  const [end, other] = socketPair('seqpacket')._unsafeUnwrap();
  const kernel = new FakeKernel();
  kernel.failAt(0, 'ENOMEM');
  const holders = new Holders();
  t.match(holders.follow(kernel, 1000, end)._unsafeUnwrapErr(), /cannot be followed: epoll_ctl: ENOMEM/);
  t.equal(holders.size, 0);
  end.close();
  other.close();
});

t.test('who holds what a helper carried', async (t) => {
  const [end, other] = socketPair('stream')._unsafeUnwrap();
  t.equal(carriedHolder(credentials(uid), undefined), undefined);
  t.equal(carriedHolder(credentials(uid), end), process.pid);
  t.equal(carriedHolder(credentials(uid + 1), end), undefined, 'not another user’s process');
  end.close();
  other.close();
});
