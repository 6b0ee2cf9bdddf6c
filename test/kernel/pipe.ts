import { readSync, writeSync } from 'node:fs';
import t from 'tap';
import { openPipe } from '../../src/kernel/pipe.js';
import { closeOnExec, flagsOf, nonBlocking, openFds, untilOpenFds, withFdsLeft } from '../support/descriptors.js';

t.test('bytes go one way, and only writing never waits', async (t) => {
  const before = openFds();
  const { reader, writer } = openPipe()._unsafeUnwrap();
  t.equal(flagsOf(reader.fd) & (closeOnExec | nonBlocking), closeOnExec);
  t.equal(flagsOf(writer.fd) & (closeOnExec | nonBlocking), closeOnExec | nonBlocking);
  t.equal(writeSync(writer.fd, 'hello'), 5);
  const bytes = Buffer.alloc(10);
  t.equal(readSync(reader.fd, bytes), 5);
  t.equal(bytes.toString('utf8', 0, 5), 'hello');
  t.throws(() => {
    for (;;) writeSync(writer.fd, bytes);
  }, /EAGAIN/);
  reader.close();
  t.throws(() => writeSync(writer.fd, bytes), /EPIPE/);
  writer.close();
  await untilOpenFds(before);
  t.equal(openFds(), before);
});

t.test('no descriptor left', async (t) => {
  withFdsLeft(1, () => t.match(openPipe()._unsafeUnwrapErr(), { call: 'pipe2', code: 'EMFILE' }));
});
