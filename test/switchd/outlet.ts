import { readSync } from 'node:fs';
import t, { type Test } from 'tap';
import { openPipe } from '../../src/kernel/pipe.js';
import { Watch } from '../../src/kernel/watch.js';
import { Outlet } from '../../src/switchd/outlet.js';
import { until } from '../support/until.js';

function outletOf(t: Test) {
  const watch = new Watch();
  t.teardown(() => watch.close());
  const { reader, writer } = openPipe()._unsafeUnwrap();
  t.teardown(() => reader.close());
  const told = { drained: 0, closed: 0 };
  const outlet = Outlet.open(writer, watch, {
    drained: () => {
      told.drained += 1;
    },
    closed: () => {
      told.closed += 1;
    },
  })._unsafeUnwrap();
  return { outlet, reader, told };
}

t.test('a slow reader gets all of it, in order', async (t) => {
  const { outlet, reader, told } = outletOf(t);
  const parts = Array.from({ length: 50 }, (_, i) => Buffer.alloc(5000 + i, i));
  for (const part of parts) outlet.write(part);
  t.ok(outlet.backlog > 0);
  outlet.end();
  outlet.write(Buffer.from('too late'));
  t.equal(told.closed, 0);
  const got: Buffer[] = [];
  const buffer = Buffer.alloc(7001);
  const wanted = Buffer.concat(parts);
  for (let size = 0; size < wanted.length; ) {
    const read = readSync(reader.fd, buffer);
    got.push(Buffer.from(buffer.subarray(0, read)));
    size += read;
    await new Promise(setImmediate);
  }
  t.ok(Buffer.concat(got).equals(wanted));
  await until(() => told.closed === 1);
  t.equal(readSync(reader.fd, buffer), 0, 'and the end');
});

t.test('it tells when there is room again', async (t) => {
  const { outlet, reader, told } = outletOf(t);
  outlet.write(Buffer.alloc(100_000));
  const buffer = Buffer.alloc(65_536);
  for (let size = 0; size < 100_000; ) {
    size += readSync(reader.fd, buffer);
    await new Promise(setImmediate);
  }
  await until(() => told.drained === 1);
  t.equal(outlet.backlog, 0);
});

t.test('a reader that is gone, before and while it is written to', async (t) => {
  const idle = outletOf(t);
  idle.reader.close();
  await until(() => idle.told.closed === 1);
  t.notOk(idle.outlet.open);
  const busy = outletOf(t);
  busy.reader.close();
  busy.outlet.write(Buffer.from('x'));
  t.equal(busy.told.closed, 1);
  busy.outlet.write(Buffer.from('x'));
  busy.outlet[Symbol.dispose]();
  t.equal(busy.told.closed, 1, 'told once');
});
