/** A file over TCP from one guest to another, so large that every ring and buffer on the way is filled many times. */
import type { Test } from 'tap';
import type { Guest } from './guest.js';

const bytes = 20_000_000;
/** For a machine that is busy; without a load it takes a few seconds. */
const seconds = 180;

/** Asserts that it arrives as it was sent. @param address the receiver's. */
export async function transfer(t: Test, sender: Guest, receiver: Guest, address: string): Promise<void> {
  // nc ends the connection when its own input ends
  await receiver.must(
    'sleep 600 | nc -l -p 5000 >/tmp/received & until netstat -lnt | grep -q :5000; do sleep 0.1; done',
  );
  await sender.must(`head -c ${bytes} /dev/urandom >/tmp/sent`, seconds);
  await sender.must(`nc ${address} 5000 </tmp/sent`, seconds);
  await receiver.must('while pidof nc; do sleep 0.1; done', seconds);
  t.equal(await receiver.must('wc -c </tmp/received'), String(bytes), `all of it is at ${address}`);
  t.equal(await receiver.must('md5sum </tmp/received'), await sender.must('md5sum </tmp/sent'), 'unchanged');
  // Both lie in the guests' memory
  await Promise.all([sender.must('rm /tmp/sent'), receiver.must('rm /tmp/received')]);
}
