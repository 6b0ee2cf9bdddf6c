/** Sending to a peer that reads later, at another time, or never. */
import { spawn } from 'node:child_process';
import t from 'tap';
import { sendUntil } from '../../src/kernel/patient-send.js';
import { receive, socketPair } from '../../src/kernel/seqpacket.js';

const message = Buffer.alloc(1000, 7);

t.test('a peer that does not read has until then', async (t) => {
  const [ours, theirs] = socketPair('seqpacket')._unsafeUnwrap();
  t.teardown(() => {
    ours.close();
    theirs.close();
  });
  let sent = 0;
  while (sendUntil(0, ours.fd, message, []).isOk()) sent += 1;
  t.ok(sent > 10);
  const began = performance.now();
  t.match(sendUntil(began + 50, ours.fd, message, [])._unsafeUnwrapErr(), { code: 'EAGAIN' });
  t.ok(performance.now() >= began + 50, 'it waited');
  for (let i = 0; i < sent; i += 1) t.match(receive(theirs.fd, 0)._unsafeUnwrap(), { tag: 'message' });
  t.ok(sendUntil(0, ours.fd, message, []).isOk());
});

t.test('a peer that reads later gets all, and one that has gone is an error at once', async (t) => {
  const [ours, theirs] = socketPair('seqpacket')._unsafeUnwrap();
  t.teardown(() => ours.close());
  // This thread waits meanwhile
  const script = 'sleep 0.2; exec socat -u FD:3 OPEN:/dev/null';
  const reader = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit', theirs.fd] });
  const ended = new Promise((resolve) => reader.once('close', resolve));
  theirs.close();
  for (let i = 0; i < 500; i += 1)
    if (sendUntil(Number.POSITIVE_INFINITY, ours.fd, message, []).isErr()) t.fail(`message ${i}`);
  reader.kill('SIGKILL');
  await ended;
  t.match(sendUntil(Number.POSITIVE_INFINITY, ours.fd, message, [])._unsafeUnwrapErr(), { code: /EPIPE|ECONNRESET/ });
});
