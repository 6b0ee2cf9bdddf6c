/**
 * A program: opens many connections to a broker and keeps them. `crowd.js SOCKET COUNT silent|lazy UID`: lazy ones ask for
 * a network and never read the answer. It becomes the user UID once its code is read, which that user may not be able
 * to. Prints `ready` when all are open, and ends with its standard input.
 */
import { connectSeqpacket, send } from '../../src/kernel/seqpacket.js';
import { encodeRequest } from '../../src/protocol/request.js';
import { openRequest } from './ask.js';

const [socket = '', count = '0', mode, uid] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));
const kept: unknown[] = [];

/** In turns, so that a full backlog (EAGAIN) is waited for. */
function more(): void {
  for (let turn = 0; turn < 50 && kept.length < Number(count); turn++) {
    const connection = connectSeqpacket(socket);
    if (connection.isErr()) break;
    if (mode === 'lazy') send(connection.value.fd, encodeRequest(openRequest()), []).unwrapOr(undefined);
    kept.push(connection.value);
  }
  if (kept.length < Number(count)) setImmediate(more);
  else process.stdout.write('ready\n');
}

process.stdin.on('end', () => process.exit(0)).resume();
more();
