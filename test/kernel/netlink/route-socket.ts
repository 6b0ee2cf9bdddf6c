import t, { type Test } from 'tap';
import { native } from '../../../src/kernel/native.js';
import { readIfindex } from '../../../src/kernel/netlink/link.js';
import { askForLink, askForLinks, changeAddress, removeLink } from '../../../src/kernel/netlink/link-requests.js';
import { RouteSocket } from '../../../src/kernel/netlink/route-socket.js';
import { bytesOf } from '../../support/netlink.js';

type Call = 'netlinkReceive' | 'netlinkSend' | 'netlinkExchange';

function openSocket(t: Test, room?: number): RouteSocket {
  const socket = RouteSocket.open(room)._unsafeUnwrap();
  t.teardown(() => socket[Symbol.dispose]());
  return socket;
}

/** Puts something before a call of the addon, until the test ends. */
function intercept<C extends Call>(t: Test, call: C, make: (real: (typeof native)[C]) => (typeof native)[C]): void {
  const real = native[call];
  t.teardown(() => Object.assign(native, { [call]: real }));
  Object.assign(native, { [call]: make(real) });
}

/** The kernel answers with these datagrams first. */
function answerFirst(t: Test, datagrams: string[]): void {
  intercept(t, 'netlinkReceive', (real) => (fd, buffer) => {
    const datagram = datagrams.shift();
    return datagram === undefined ? real(fd, buffer) : bytesOf(datagram).copy(buffer);
  });
}

t.test('one answer, many, and an error with what the kernel says', async (t) => {
  const socket = openSocket(t);
  askForLink(socket.message, { name: 'lo' });
  t.equal(socket.askOne('get', readIfindex)._unsafeUnwrap(), 1);
  askForLinks(socket.message);
  t.ok(socket.ask('dump', readIfindex)._unsafeUnwrap().includes(1));
  askForLink(socket.message, { name: 'x'.repeat(200) });
  t.match(socket.askOne('get', readIfindex)._unsafeUnwrapErr(), { call: 'get', code: 'ERANGE', detail: /\S/ });
  changeAddress(socket.message, 99999, '52:54:00:00:00:01');
  t.match(socket.change('set')._unsafeUnwrapErr(), { tag: 'sys', call: 'set', code: /ENODEV|EPERM/ });
});

t.test('a change on the thread pool leaves the message free', async (t) => {
  const socket = openSocket(t);
  removeLink(socket.message, 99999);
  const deleting = socket.changeLater('delete');
  askForLink(socket.message, { name: 'lo' });
  t.equal(socket.askOne('get', readIfindex)._unsafeUnwrap(), 1);
  t.match((await deleting)._unsafeUnwrapErr(), { call: 'delete', code: /ENODEV|EPERM/ });
});

t.test('an answer that has no room is asked for again with enough', async (t) => {
  const socket = openSocket(t, 64);
  askForLink(socket.message, { name: 'lo' });
  t.equal(socket.askOne('get', readIfindex)._unsafeUnwrap(), 1);
  const small = openSocket(t, 64);
  askForLinks(small.message);
  const indices = small.ask('dump', readIfindex)._unsafeUnwrap();
  t.ok(indices.includes(1));
  t.equal(new Set(indices).size, indices.length, 'nothing is told twice');
});

t.test('answers to an earlier request are passed over', async (t) => {
  const socket = openSocket(t);
  answerFirst(t, [
    '14000000 0300 0200 ffffff00 00000000 00000000',
    '24000000 0200 0001 00000000 00000000  edffffff  28000000 1000 0506 00000000 00000000',
  ]);
  askForLink(socket.message, { name: 'lo' });
  t.equal(socket.askOne('get', readIfindex)._unsafeUnwrap(), 1);
});

/** The end of a dump that answers request number `sequence` (NLM_F_DUMP_INTR is 0x10). */
const interrupted = (sequence: number) => `14000000 0300 1200 0${sequence}000000 00000000 00000000`;

t.test('a dump that changed while it was read is asked for again', async (t) => {
  const socket = openSocket(t);
  let sent = 0;
  intercept(t, 'netlinkSend', (real) => (fd, message, size) => (++sent < 3 ? size : real(fd, message, size)));
  answerFirst(t, [interrupted(1), interrupted(2)]);
  askForLinks(socket.message);
  t.ok(socket.ask('dump', readIfindex)._unsafeUnwrap().includes(1));
  t.equal(sent, 3);
});

t.test('but not for ever', async (t) => {
  const socket = openSocket(t);
  let sent = 0;
  intercept(t, 'netlinkSend', () => (_fd, _message, size) => {
    sent++;
    return size;
  });
  answerFirst(
    t,
    [1, 2, 3, 4, 5, 6, 7, 8].map((sequence) => interrupted(sequence)),
  );
  askForLinks(socket.message);
  t.match(socket.ask('dump', readIfindex)._unsafeUnwrapErr(), { code: 'EINTR', detail: /changed/ });
  t.equal(sent, 8);
});

t.test('a dump that fails half-way leaves the socket fit for the next', async (t) => {
  const socket = openSocket(t);
  let failing = true;
  intercept(t, 'netlinkReceive', (real) => (fd, buffer) => {
    if (!failing) return real(fd, buffer);
    failing = false;
    return -105;
  });
  askForLinks(socket.message);
  t.match(socket.ask('dump', readIfindex)._unsafeUnwrapErr(), { call: 'dump', code: 'ENOBUFS' });
  t.ok(socket.ask('dump', readIfindex)._unsafeUnwrap().includes(1));
});

t.test('what the kernel does not do: no answer, an empty one, a request not taken', async (t) => {
  const socket = openSocket(t);
  askForLink(socket.message, { name: 'lo' });
  intercept(t, 'netlinkSend', () => (_fd, _message, size) => size);
  t.match(socket.askOne('get', readIfindex)._unsafeUnwrapErr(), { code: 'EAGAIN' });
  answerFirst(t, ['14000000 0300 0200 02000000 00000000 00000000']);
  t.match(socket.askOne('get', readIfindex)._unsafeUnwrapErr(), { code: 'ENODATA' });
  intercept(t, 'netlinkSend', () => () => -105);
  t.match(socket.askOne('get', readIfindex)._unsafeUnwrapErr(), { call: 'get', code: 'ENOBUFS' });
  intercept(t, 'netlinkExchange', () => async () => -24);
  t.match((await socket.changeLater('delete'))._unsafeUnwrapErr(), { call: 'delete', code: 'EMFILE' });
  intercept(t, 'netlinkExchange', () => async () => 3);
  t.match((await socket.changeLater('delete'))._unsafeUnwrapErr(), { call: 'delete', code: 'EBADMSG' });
});
