/** A broker that answers, one that does not, and a socket that is closed to the caller. */
import { err, ok } from 'neverthrow';
import t from 'tap';
import { type Caller, examineSocket } from '../../../src/cli/doctor/socket.js';
import type { ClientError, Gate } from '../../../src/client/error.js';
import type { StatusListing, StatusSummary } from '../../../src/protocol/listing.js';
import { testAccounts } from '../../support/accounts.js';
import { type FakeHostParts, fakeHost, lines } from '../../support/fake-host.js';

const socket = '/run/fdbroker/control';
const alice: Caller = { uid: 1000, gid: 1000, groups: [1000], name: 'alice' };
const systemd = { '/run/systemd/system/x': '' };

function found(status: StatusSummary | ClientError, parts: FakeHostParts = {}, caller = alice, alsoTried?: string) {
  const asked = {
    socket,
    ...(alsoTried === undefined ? {} : { alsoTried }),
    status: 'tag' in status ? err<StatusSummary, ClientError>(status) : ok<StatusSummary, ClientError>(status),
  };
  return lines(examineSocket(fakeHost(parts), asked, caller, testAccounts, '1.0.0'));
}

const summary: StatusSummary = { version: '1.0.0', pid: 7, since: 0, config: { state: 'ok' } };

t.test('a broker answers', async (t) => {
  const gate = { nodes: { [socket]: { kind: 'socket', gid: 36, mode: 0o660 } } } as const;
  const answers = `ok fdbrokerd 1.0.0 answers at ${socket} (root:kvm, mode 0660)`;
  t.same(found(summary, gate), [answers]);
  t.same(found(summary), [`ok fdbrokerd 1.0.0 answers at ${socket}`], 'a socket that cannot be looked at');
  t.same(found({ ...summary, config: { state: 'refused' } }, gate), [
    answers,
    'problem the last reload was refused, so what is in the files does not count | fdbroker check',
  ]);
  const other = { ...summary, version: '0.9.0' };
  t.match(found(other, gate)[1], /^hint fdbrokerd is of version 0\.9\.0, fdbroker of 1\.0\.0 \| end fdbrokerd/);
  t.match(found(other, { ...gate, files: systemd })[1], /\| sudo systemctl restart fdbroker\.service$/);
});

t.test('a broker in user mode', async (t) => {
  const own = { nodes: { [socket]: { kind: 'socket', uid: 1000, gid: 1000, mode: 0o600 } } } as const;
  t.match(found(summary, own)[1], /^hint the broker is one in user mode: [^|]*$/);
  t.match(found(summary, { ...own, files: systemd })[1], /\| sudo systemctl enable --now fdbroker\.socket$/);
  const full = { ...summary, mode: 'user' } as StatusListing;
  t.match(found(full)[1], /user mode/);
  t.equal(found({ ...full, mode: 'system' } as StatusListing, own).length, 1, "the broker's word counts");
  const rootsOwn = { nodes: { [socket]: { kind: 'socket' } } } as const;
  t.equal(found(summary, rootsOwn, { uid: 0, gid: 0, groups: [0], name: 'root' }).length, 1);
});

t.test('no broker', async (t) => {
  const missing: ClientError = { tag: 'no-broker', socket, reason: 'missing' };
  const dead: ClientError = { tag: 'no-broker', socket, reason: 'dead' };
  t.same(found(missing), [`problem no broker runs: there is no ${socket} | sudo fdbrokerd`]);
  t.match(found(missing, {}, alice, '/run/user/1000/x'), [/there is no \S+ and \/run\/user\/1000\/x \|/]);
  t.match(found(missing, { files: systemd }), [/\| sudo make install/]);
  const unit = { files: { ...systemd, '/usr/local/lib/systemd/system/fdbroker.socket': '' } };
  t.match(found(missing, unit), [/\| sudo systemctl enable --now fdbroker\.socket$/]);
  t.match(found(dead), [/^problem no broker runs: nobody listens on .* \| sudo fdbrokerd$/]);
  t.match(found(dead, { files: systemd }), [/\| sudo systemctl restart fdbroker\.socket$/]);
});

t.test('no access', async (t) => {
  const closed = (gate: Partial<Gate> | undefined, caller = alice) => {
    const facts = { path: socket, uid: 0, gid: 36, mode: 0o660, directory: false, ...gate };
    return found({ tag: 'no-access', socket, gate: gate && facts }, {}, caller)[0];
  };
  t.match(closed({}), /^problem .* open to the group kvm, and alice is not in it; .* \| sudo usermod -aG kvm alice$/);
  t.match(closed({ gid: 4321 }, { ...alice, name: undefined }), /group 4321, and 1000 is not .* -aG 4321 1000$/);
  t.match(closed({ gid: 1000 }), /which alice has joined since logging in \| newgrp 1000$/);
  t.match(
    closed({ mode: 0o600 }),
    /^problem \S+ is open to root alone \(mode 0600\); .* \| socket-group = kvm in \[broker]/,
  );
  t.match(closed({ gid: 0 }), /is open to root alone/);
  t.match(closed({ uid: 1001, mode: 0o600 }), /is open to ci alone/);
  const folder = { path: '/run/my broker', directory: true, mode: 0o700 };
  t.match(
    closed(folder),
    /^problem the folder .* closed to alice \(mode 0700\) \| sudo chmod 0755 '\/run\/my broker'$/,
  );
  t.match(closed(undefined), /^problem a folder on the way to \S+ may not be searched by you$/);
});

t.test('what is no broker, and one that is unwell', async (t) => {
  const unwell: ClientError[] = [
    { tag: 'timeout', socket, stage: 'reply', seconds: 1 },
    { tag: 'closed', socket },
    { tag: 'garbage', socket, what: 'odd' },
  ];
  for (const error of unwell) {
    t.match(found(error), [/^problem [^|]*$/], error.tag);
    t.match(found(error, { files: systemd }), [/^problem .* \| sudo systemctl restart fdbroker\.service$/], error.tag);
  }
  t.match(found({ tag: 'bad-path', what: 'is empty' }), [/^problem the socket path is empty; /]);
});
