import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { KeyRing } from '../../src/broker/key-ring.js';
import type { QdesNetwork } from '../../src/core/config.js';
import { name } from '../support/policy.js';
import { qdesNetwork } from '../support/socket-networks.js';
import { temporaryFolder } from '../support/temporary.js';

const [old, next] = ['1a'.repeat(32), '2b'.repeat(32)];

function scene(t: Parameters<typeof temporaryFolder>[0]) {
  const keyFile = join(temporaryFolder(t), 'lab.key');
  const write = (text: string) => writeFileSync(keyFile, text, { mode: 0o600 });
  const ring = new KeyRing(process.geteuid?.() ?? 0);
  const network = qdesNetwork({ keyFile });
  return { ring, network, write, keyFile, keys: (of: QdesNetwork = network) => ring.of(of)._unsafeUnwrap() };
}

t.test('a file is read when keys are wanted first, and when it is to be', async (t) => {
  const { ring, network, write, keys } = scene(t);
  t.match(ring.of(network)._unsafeUnwrapErr(), /lab\.key is not there/);
  write(old);
  t.same(keys(), [old]);
  write(next);
  t.same(keys(), [old]);
  t.same(ring.reread([network]), []);
  t.same(keys(), [next]);
  ring.forget(network.name);
  write(old);
  t.same(keys(), [old], 'with the next guest');
});

t.test('what cannot be used is told with file and line, and the keys before stay', async (t) => {
  const { ring, network, write, keys, keyFile } = scene(t);
  write(`${old}\nx\n`);
  t.match(ring.reread([network]), [
    /^test\.ini:1: \[network lan\] key-file: .*lab\.key:2: is no key of 64 .*; no guest gets the network until it can/,
  ]);
  write(old);
  t.same(keys(), [old]);
  rmSync(keyFile);
  t.match(ring.reread([network]), [/lab\.key is not there; .*; the keys before stay in use$/]);
  t.same(keys(), [old]);
  const open = qdesNetwork();
  t.same(ring.reread([open]), []);
  t.equal(keys(open), undefined, 'it says none by now');
});

t.test('keys of a port that another broker has made', async (t) => {
  const { ring, write, keys } = scene(t);
  write(next);
  ring.adopt(name('lan'), [old]);
  t.same(keys(), [old]);
});
