/** The keeper, compiled for AddressSanitizer and UndefinedBehaviorSanitizer, under messages of all sorts and descriptors in any number. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { connectSeqpacket, listenSeqpacket, receive, send, socketPair } from '../../src/kernel/seqpacket.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { inProject } from '../support/project.js';
import { randomNumbers } from '../support/random.js';
import { temporaryFolder } from '../support/temporary.js';

inPrivateNamespace();
const cc = process.env['CC'] ?? 'cc';
const libasan = spawnSync(cc, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const skip = !(libasan.startsWith('/') && existsSync(libasan)) && `${cc} has no libasan: install gcc`;

function compile(output: string): void {
  const cwd = inProject('helper/keeper');
  const sources = readdirSync(cwd).filter((file) => file.endsWith('.c'));
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-DFDBROKER_VERSION=""'];
  execFileSync(cc, ['-std=c11', '-O1', '-g', '-D_GNU_SOURCE', ...checks, '-o', output, ...sources], { cwd });
}

/** Of what messages that make no sense are put together. */
const parts = [
  'tap',
  'keep',
  'drop',
  'list',
  ' ',
  ' ',
  '\n',
  '1500',
  '0',
  '65535',
  '65536',
  '-1',
  'yes',
  'no',
  'guest',
];
const oddParts = [...parts, 'uplink', '\0', '%s%n', 'x'.repeat(300), 'é'];

t.test('no sanitizer complains, and it answers to the last', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const program = join(folder, 'fdbroker-keeper');
  compile(program);
  const path = join(folder, 'socket');
  const listener = listenSeqpacket(path, { mode: 0o600 })._unsafeUnwrap();
  const [one, other] = socketPair('seqpacket')._unsafeUnwrap();
  const seed = randomInt(2 ** 31);
  const random = randomNumbers(seed);
  t.comment(`seed ${seed}`);
  let said = '';
  const start = (): ChildProcess => {
    const env = { LISTEN_FDS: '1', ASAN_OPTIONS: 'detect_leaks=0' };
    const child = spawn(program, [], { stdio: ['ignore', 'ignore', 'pipe', listener.fd], env });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return child;
  };
  let keeper = start();
  let connection: OwnedFd = connectSeqpacket(path)._unsafeUnwrap();
  t.teardown(() => {
    keeper.kill('SIGKILL');
    for (const fd of [listener, one, other, connection]) fd.close();
  });
  const pick = (words: readonly string[]) => words[random(words.length)] as string;
  const orders = (i: number) => [
    `keep ${random(300)} guest\n${'y'.repeat(random(9000))}`,
    `keep ${random(300)} uplink\n`,
    `drop ${random(300)}\n`,
    i % 20 === 0 ? 'list\n' : 'drop 1\n',
    i % 10 === 0 ? `tap ${i % 20 === 0 ? 10 : 1500} yes\n` : 'drop 2\n',
  ];
  const senseless = () => Array.from({ length: 1 + random(6) }, () => pick(oddParts)).join('');
  const answers = new Map<string, number>();
  const hear = () => {
    for (;;) {
      const received = receive(connection.fd, 8);
      if (received.isErr() || received.value.tag !== 'message') return;
      for (const fd of received.value.fds) fd.close();
      const [word = ''] = Buffer.from(received.value.bytes).toString('latin1').split(/[ \n]/);
      answers.set(word, (answers.get(word) ?? 0) + 1);
    }
  };
  for (let i = 0; i < 20_000; i += 1) {
    const text = random(2) === 0 ? pick(orders(i)) : senseless();
    const sent = send(connection.fd, Buffer.from(text), new Array<number>(random(12)).fill(one.fd));
    hear();
    if (sent.isOk()) continue;
    await delay(1);
    // With nothing to keep it ends when it hangs up; what is connected by then waits for the next one
    if (keeper.exitCode !== null) keeper = start();
    if (sent.error.code === 'EAGAIN') continue;
    connection.close();
    connection = connectSeqpacket(path)._unsafeUnwrap();
  }
  t.notMatch(said, /Sanitizer|runtime error/);
  for (const word of ['tap', 'failed', 'kept', 'listed']) t.ok((answers.get(word) ?? 0) > 0, `${word} was answered`);
  t.equal(keeper.signalCode, null);
});
