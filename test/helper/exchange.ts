/** One request, one reply, one descriptor: what the helper asks and what it makes of the answer. */
import { openSync, statSync } from 'node:fs';
import type { Test } from 'tap';
import t from 'tap';
import { ownFd, peerProcess, send } from '../../src/kernel/seqpacket.js';
import { encodeReply, failures } from '../../src/protocol/reply.js';
import { assertRefusal, exit, type Outcome, onEachBuild, qemuArguments, type Stage } from '../support/helper-stage.js';
import { damage, fixture, index } from '../support/messages.js';
import { randomNumbers } from '../support/random.js';
import { ScriptedServer } from '../support/scripted-server.js';

/** What the broker hands over in these tests. */
const file = '/etc/passwd';
const openedFile = () => ownFd(openSync(file, 'r'));

function assertHandedOver(t: Test, outcome: Outcome, name: string): void {
  const { bytes, descriptors, error, status, stderr, stdout } = outcome;
  const got = { bytes, descriptors, error, status, stderr, stdout };
  t.same(got, { bytes: 1, descriptors: 1, error: 0, status: exit.done, stderr: '', stdout: '' }, name);
  const { dev, ino } = statSync(file);
  t.same([outcome.dev, outcome.ino], [dev, ino], `${name}: the broker's file`);
}

/** A run against a broker that sends this answer with so many copies of the file. */
async function runAnswered(stage: Stage, answer: Uint8Array, copies: number, times = 1): Promise<Outcome> {
  using opened = openedFile();
  using server = new ScriptedServer((conversation) => {
    for (let i = 0; i < times; i++) conversation.send(answer, Array(copies).fill(opened.fd));
    conversation.close();
  }).start();
  return await stage.run({}, `--socket=${server.path}`, ...qemuArguments);
}

onEachBuild(t, async (t, stage) => {
  t.test('the request, byte by byte, with the socket of QEMU', async (t) => {
    const requests: Readonly<Record<string, readonly string[]>> = {
      open: ['--network=lan', ...qemuArguments],
      'open-without-header': ['--fd=%FD%', '--br=br0'],
      'open-with-mac': ['--mac=52:54:00:12:34:56', '--network=lab.2_a-b', ...qemuArguments],
    };
    for (const [name, words] of Object.entries(requests)) {
      using opened = openedFile();
      const seen: unknown[] = [];
      using server = new ScriptedServer((conversation) => {
        const holders = conversation.fds.map(({ fd }) => peerProcess(fd)._unsafeUnwrap().pid);
        seen.push({ text: conversation.text, holders });
        conversation.send(fixture('replies', 'opened'), [opened.fd]);
      }).start();
      let qemu: number | undefined;
      const meanwhile = ({ pid }: { pid?: number | undefined }) => {
        qemu = pid;
      };
      assertHandedOver(t, await stage.run({ meanwhile }, `--socket=${server.path}`, ...words), name);
      t.same(seen, [{ text: fixture('requests', name).toString(), holders: [qemu] }], `${name}: request and holder`);
    }
  });

  t.test('as a command for sh', async (t) => {
    using opened = openedFile();
    using server = new ScriptedServer((conversation) => {
      conversation.send(fixture('replies', 'opened'), [opened.fd]);
    }).start();
    const command = `${stage.helper} --network=lab --socket=${server.path} --use-vnet --fd=%FD% --br=br0`;
    assertHandedOver(t, await stage.runProgram({}, '/bin/sh', '-c', command), 'with a network');
    const bridge = `${stage.helper} --br=lab --socket=${server.path} --use-vnet --fd=%FD% `;
    assertHandedOver(
      t,
      await stage.runProgram({}, '/bin/sh', '-c', bridge),
      'with a bridge, which QEMU then leaves out',
    );
    t.match(server.requests, [/^network=lab$/m, /^network=lab$/m]);
  });

  t.test('every good answer', async (t) => {
    for (const [name, reply] of Object.entries(index.replies)) {
      const outcome = await runAnswered(stage, fixture('replies', name), 1);
      if (reply.status === 'ok') assertHandedOver(t, outcome, name);
      else {
        assertRefusal(t, outcome, exit.refused, /./, name);
        t.equal(outcome.stderr, `fdbroker-helper: ${reply.status}: ${reply.message}\n`, `${name}: the broker's words`);
      }
    }
    for (const status of failures) {
      const outcome = await runAnswered(stage, encodeReply({ status, message: 'é' }), 0);
      assertRefusal(t, outcome, exit.refused, new RegExp(`${status}: é`), `${status} without a descriptor`);
    }
    const long = await runAnswered(stage, encodeReply({ status: 'denied', message: 'x'.repeat(60_000) }), 0);
    assertRefusal(t, long, exit.refused, /denied: x{1000}\n$/, 'a long message');
    const frame = encodeReply({ status: 'ok', fields: new Map([['data', '']]) }).length;
    const longest = encodeReply({ status: 'ok', fields: new Map([['data', 'x'.repeat(65_536 - frame)]]) });
    assertHandedOver(t, await runAnswered(stage, longest, 1), 'the longest answer');
    assertHandedOver(t, await runAnswered(stage, fixture('replies', 'opened'), 1, 3), 'the same answer three times');
    const tooLong = await runAnswered(stage, Buffer.concat([longest, Buffer.from('\n')]), 1);
    assertRefusal(t, tooLong, exit.broken, /over 64 KiB/, 'an answer of one byte more');
  });

  t.test('every bad answer, with a descriptor', async (t) => {
    for (const name of index['bad-replies']) {
      const sentence = name === 'empty' ? /hung up without an answer/ : /answer makes no sense \(.*\); is fdbrokerd/;
      assertRefusal(t, await runAnswered(stage, fixture('bad-replies', name), 1), exit.broken, sentence, name);
    }
  });

  t.test('answers with too few descriptors or too many', async (t) => {
    const opened = fixture('replies', 'opened');
    assertRefusal(t, await runAnswered(stage, opened, 0), exit.broken, /has no descriptor/, 'none');
    for (const copies of [2, 3, 253]) {
      const outcome = await runAnswered(stage, opened, copies);
      assertRefusal(t, outcome, exit.broken, /over one descriptor/, `${copies}`);
    }
    const denied = await runAnswered(stage, fixture('replies', 'denied'), 2);
    assertRefusal(t, denied, exit.broken, /over one descriptor/, 'two with a denial');
  });

  t.test('a broker that hangs up', async (t) => {
    const sentence = /hung up without an answer; its log may say why/;
    using reader = new ScriptedServer((conversation) => conversation.close()).start();
    const read = await stage.run({}, `--socket=${reader.path}`, ...qemuArguments);
    assertRefusal(t, read, exit.broken, sentence, 'after the request');
    using silent = new ScriptedServer(() => t.fail('the request was read'), { greet: () => undefined });
    using busy = new ScriptedServer(() => t.fail('the request was read'), {
      greet: (fd) => send(fd, fixture('replies', 'busy'), [])._unsafeUnwrap(),
    });
    // Once the request lies there unread, and then while the helper is still at it.
    for (const name of ['late', 'early', 'early again']) {
      const meanwhile = (server: ScriptedServer) => () => {
        if (name === 'late') setTimeout(() => server.start(), 100);
      };
      const unread = await stage.run({ meanwhile: meanwhile(silent) }, `--socket=${silent.path}`, ...qemuArguments);
      assertRefusal(t, unread, exit.broken, sentence, `${name}, without a word`);
      const said = await stage.run({ meanwhile: meanwhile(busy) }, `--socket=${busy.path}`, ...qemuArguments);
      assertRefusal(t, said, exit.refused, /busy: \n$/, `${name}, with a word`);
    }
  });

  t.test('200 random answers', async (t) => {
    const random = randomNumbers(3);
    const originals = Object.keys(index.replies).map((name) => fixture('replies', name));
    const statuses = new Set<number>();
    for (let round = 0; round < 200; round++) {
      const copies = random(3);
      const original = originals[random(originals.length)] ?? Buffer.alloc(0);
      const noise = Buffer.from(Array.from({ length: random(300) }, () => random(256)));
      const answer = random(4) === 0 ? noise : damage(original, random);
      const outcome = await runAnswered(stage, answer, copies);
      statuses.add(outcome.status);
      const name = `${JSON.stringify(answer.toString('latin1'))} and ${copies}`;
      if (outcome.status === exit.done && copies === 1) assertHandedOver(t, outcome, name);
      else assertRefusal(t, outcome, outcome.status === exit.refused ? exit.refused : exit.broken, /./, name);
    }
    t.same([...statuses].sort(), [exit.done, exit.refused, exit.broken], 'every ending was seen');
  });
});
