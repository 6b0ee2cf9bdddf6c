/** What the helper is given may be of any kind: the socket that should be QEMU's, its own standard streams. */
import { openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Test } from 'tap';
import t from 'tap';
import { ownFd } from '../../src/kernel/seqpacket.js';
import {
  assertRefusal,
  exit,
  type Outcome,
  onEachBuild,
  qemuArguments,
  type RunOptions,
  type Stage,
} from '../support/helper-stage.js';
import { fixture } from '../support/messages.js';
import { ScriptedServer } from '../support/scripted-server.js';

onEachBuild(t, async (t, stage) => {
  const file = `${stage.folder}/file`;
  writeFileSync(file, '');

  /** A run against a broker that hands over the file, to be written, with this reply. */
  async function run(reply: 'opened' | 'denied', options: RunOptions): Promise<Outcome> {
    using opened = ownFd(openSync(file, 'w'));
    using server = new ScriptedServer((conversation) => {
      conversation.send(fixture('replies', reply), [opened.fd]);
    }).start();
    return await stage.run(options, `--socket=${server.path}`, ...qemuArguments);
  }

  const assertWorks = (t: Test, outcome: Outcome, name: string) => {
    t.match(outcome, { bytes: 1, descriptors: 1, status: exit.done, ino: statSync(file).ino, stderr: '' }, name);
  };

  t.test('no socket of QEMU', async (t) => {
    const sentence = /--fd= names no open unix socket; let QEMU run this program/;
    assertRefusal(t, await run('opened', { scene: 'x' }), exit.usage, sentence, 'a number of nothing');
    assertRefusal(t, await run('opened', { scene: 't' }), exit.usage, sentence, 'a TCP socket');
    const command = `exec ${stage.helper} --fd=9 --br=br0 9</etc/passwd`;
    assertRefusal(t, await stage.runProgram({}, '/bin/sh', '-c', command), exit.usage, sentence, 'a file');
  });

  t.test('a QEMU that does not take the descriptor', async (t) => {
    const full = await run('opened', { scene: 'f' });
    t.match(full, { descriptors: 0, status: exit.broken, signal: 0 }, 'its socket is full');
    t.match(full.stderr, /^fdbroker-helper: QEMU does not take the descriptor: Resource .* unavailable\n$/);
    const gone = await run('opened', { scene: 'r' });
    t.match(gone, { status: exit.broken, signal: 0 }, 'it is gone');
    t.match(gone.stderr, /^fdbroker-helper: QEMU does not take the descriptor: Broken pipe\n$/);
  });

  t.test('closed standard streams', async (t) => {
    // With stdin and stderr closed the broker's descriptor would get the number of stderr.
    for (const scene of ['e', 'n', 'ie']) {
      assertWorks(t, await run('opened', { scene }), scene);
      const denied = await run('denied', { scene });
      t.match(denied, { bytes: 0, descriptors: 0, status: exit.refused, stderr: '' }, `${scene}, denied`);
      t.equal(readFileSync(file, 'utf8'), '', `${scene}: the sentence is not in what came from the broker`);
    }
  });

  t.test('a stderr that takes nothing', async (t) => {
    for (const scene of ['p', 'q']) {
      assertWorks(t, await run('opened', { scene }), scene);
      const denied = await run('denied', { scene });
      t.match(denied, { bytes: 0, descriptors: 0, status: exit.refused, signal: 0 }, `${scene}, denied`);
    }
  });

  t.test('no number left for the descriptor', async (t) => {
    await assertNoRoom(t, stage, file);
  });
});

async function assertNoRoom(t: Test, stage: Stage, file: string): Promise<void> {
  using opened = ownFd(openSync(file, 'r'));
  using server = new ScriptedServer((conversation) => {
    conversation.send(fixture('replies', 'opened'), [opened.fd]);
  }).start();
  const words = `--socket=${server.path} ${qemuArguments.join(' ')}`;
  // The fake QEMU's socket is 4 and the connection to the broker becomes 3.
  const outcome = await stage.runProgram({}, '/bin/sh', '-c', `ulimit -n 5; exec ${stage.helper} ${words}`);
  assertRefusal(t, outcome, exit.broken, /`ulimit -n` is too low/, 'cut off by the kernel');
}
