/**
 * A program: opens many connections to a broker and keeps them. `crowd.js SOCKET COUNT silent|lazy|bad UID`: lazy ones ask
 * for a network and never read the answer. Bad ones send a bad message, with descriptors or without, and when there
 * are COUNT each new one takes the place of the oldest. It becomes the user UID once its code is read, which that user may
 * not be able to. Prints `ready` when all are open, and ends with its standard input.
 */
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { connectSeqpacket, send } from '../../src/kernel/seqpacket.js';
import { encodeRequest } from '../../src/protocol/request.js';
import { openRequest } from './ask.js';
import { damage, fixture, index } from './messages.js';
import { randomNumbers } from './random.js';

const [socket = '', count = '0', mode, uid] = process.argv.slice(2);
const good = encodeRequest(openRequest());
const random = randomNumbers(1);
const fixtures = Object.keys(index['bad-requests']).map((name) => fixture('bad-requests', name));
process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));
const kept: OwnedFd[] = [];
let isReady = false;

/** Empty, cut short, too long, with a byte or some changed, or one of the fixtures. */
function badMessage(): Uint8Array {
  switch (random(5)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return good.subarray(0, random(good.length));
    case 2:
      return Buffer.alloc(65_537 + random(40_000), good);
    case 3:
      return damage(good, random);
    default:
      return fixtures[random(fixtures.length)] ?? good;
  }
}

function say(connection: OwnedFd): void {
  const fds = mode === 'bad' && random(2) === 0 ? Array.from({ length: 1 + random(253) }, () => connection.fd) : [];
  // What the broker has closed by now is refused
  if (mode !== 'silent') send(connection.fd, mode === 'bad' ? badMessage() : good, fds).unwrapOr(undefined);
}

/** In turns, so that a full backlog (EAGAIN) is waited for. */
function more(): void {
  for (let turn = 0; turn < 50 && (mode === 'bad' || kept.length < Number(count)); turn++) {
    const connection = connectSeqpacket(socket);
    if (connection.isErr()) break;
    say(connection.value);
    if (kept.length === Number(count)) kept.shift()?.close();
    kept.push(connection.value);
  }
  const isFull = kept.length === Number(count);
  if (isFull && !isReady) process.stdout.write('ready\n');
  isReady ||= isFull;
  if (!isFull) setImmediate(more);
  else if (mode === 'bad') setTimeout(more, 10);
}

process.stdin.on('end', () => process.exit(0)).resume();
more();
