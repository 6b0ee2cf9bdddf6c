import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Acceptor, type Hosts } from '../../src/broker/acceptor.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { connectSeqpacket, listenSeqpacket } from '../../src/kernel/seqpacket.js';
import { Watch } from '../../src/kernel/watch.js';
import { temporaryFolder } from '../support/temporary.js';

function acceptorOn(t: Test, change: Partial<Hosts> = {}) {
  const path = join(temporaryFolder(t), 's');
  const admitted: OwnedFd[] = [];
  const watch = new Watch();
  const acceptor = new Acceptor(watch, listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap(), {
    hasRoom: () => true,
    evict: () => false,
    admit: ({ fd }) => admitted.push(fd),
    ...change,
  });
  acceptor.listen()._unsafeUnwrap();
  const clients: OwnedFd[] = [];
  t.teardown(() => {
    acceptor[Symbol.dispose]();
    watch.close();
    for (const fd of [...clients, ...admitted]) fd.close();
  });
  const connect = () => clients.push(connectSeqpacket(path)._unsafeUnwrap());
  return { acceptor, admitted, connect };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(1);
}

t.test('everyone who connects is admitted', async (t) => {
  const { admitted, connect } = acceptorOn(t);
  for (let count = 0; count < 50; count++) connect();
  await until(() => admitted.length === 50);
  t.equal(admitted.length, 50);
});

t.test('without room they wait, and are let in when it is said that there is some', async (t) => {
  let room = 1;
  const { acceptor, admitted, connect } = acceptorOn(t, { hasRoom: () => admitted.length < room });
  for (let count = 0; count < 3; count++) connect();
  await until(() => admitted.length === 1);
  acceptor.resume();
  await delay(5);
  t.equal(admitted.length, 1, 'there is none');
  room = 2;
  acceptor.resume();
  await until(() => admitted.length === 2);
  room = 3;
  await until(() => admitted.length === 3);
  t.pass('and without a word after a while');
});
