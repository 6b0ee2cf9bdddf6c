/** Waiting for one descriptor, with an end to it. */
import t from 'tap';
import { receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import { readableBefore } from '../../src/kernel/wait.js';
import { openFds, untilOpenFds } from '../support/descriptors.js';

const soon = () => performance.now() + 20;
const late = () => performance.now() + 60_000;

t.test('something to read, something that comes, the end, nothing', async (t) => {
  const before = openFds();
  const [one, other] = socketPair('seqpacket')._unsafeUnwrap();
  t.equal(await readableBefore(one.fd, soon()), false);
  t.equal(await readableBefore(one.fd, 0), false, 'a time that is over');
  const waiting = readableBefore(one.fd, late());
  send(other.fd, Buffer.from('x'), [])._unsafeUnwrap();
  t.equal(await waiting, true);
  t.match(receive(one.fd, 0)._unsafeUnwrap(), { tag: 'message' });
  other.close();
  t.equal(await readableBefore(one.fd, late()), true, 'the peer is gone');
  one.close();
  await untilOpenFds(before);
});
