/** The sentence for each thing that can go wrong: what it is, and what to do. */
import t from 'tap';
import { type ClientError, describeClientError } from '../../src/client/error.js';

const socket = '/run/x';
const gate = { path: '/run/x', uid: 7, gid: 8, mode: 0o660, directory: false };
const cases: [error: ClientError, words: RegExp][] = [
  [{ tag: 'bad-request', what: '0 queues are asked for' }, /^0 queues are asked for$/],
  [{ tag: 'bad-path', what: 'is empty' }, /^the socket path is empty; give another with --socket/],
  [{ tag: 'no-broker', socket, reason: 'missing' }, /\/run\/x does not exist; start fdbrokerd/],
  [{ tag: 'no-broker', socket, reason: 'dead' }, /nobody listens on \/run\/x; start fdbrokerd/],
  [{ tag: 'no-access', socket, gate: undefined }, /may not be searched by you/],
  [{ tag: 'no-access', socket, gate }, /the socket is open to the group 8; join it/],
  [{ tag: 'no-access', socket, gate: { ...gate, gid: 0 } }, /open to the user 7 alone/],
  [{ tag: 'no-access', socket, gate: { ...gate, mode: 0o600, uid: 0 } }, /user root alone; .*socket-group/],
  [
    { tag: 'no-access', socket, gate: { ...gate, mode: 0o710, directory: true } },
    /directory \/run\/x is open to the group 8/,
  ],
  [
    { tag: 'no-access', socket, gate: { ...gate, mode: 0o720, directory: true } },
    /directory \/run\/x is open to the user 7/,
  ],
  [{ tag: 'not-a-broker', socket, what: 'it is no socket' }, /\/run\/x is not .*: it is no socket; name the right one/],
  [{ tag: 'timeout', socket, stage: 'connect', seconds: 2 }, /has accepted no connection for 2 s/],
  [{ tag: 'timeout', socket, stage: 'reply', seconds: 2 }, /has not answered for 2 s/],
  [{ tag: 'closed', socket }, /closed the connection without an answer; .*try again/],
  [{ tag: 'garbage', socket, what: 'noise' }, /makes no sense: noise; is the broker of the same version\?/],
  [{ tag: 'sys', call: 'connect to /run/x', code: 'EMFILE' }, /^connect to \/run\/x: EMFILE$/],
  [{ tag: 'refused', status: 'denied', message: 'as the broker says' }, /^as the broker says$/],
];
for (const [error, words] of cases) t.match(describeClientError(error), words, error.tag);

const names = { userName: () => 'alice', groupName: () => 'kvm' };
t.match(
  describeClientError({ tag: 'no-access', socket, gate }, names),
  /the group kvm; join it \(usermod -aG kvm YOU\)/,
);
