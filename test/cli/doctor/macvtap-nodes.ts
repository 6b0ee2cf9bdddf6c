/** What keeps the broker's user from the nodes of macvtaps. */
import t from 'tap';
import { examineMacvtapNodes } from '../../../src/cli/doctor/macvtap-nodes.js';
import type { Accounts } from '../../../src/core/config.js';
import { testAccounts } from '../../support/accounts.js';
import { type FakeHostParts, fakeHost, lines } from '../../support/fake-host.js';

const withBroker: Accounts = { ...testAccounts, userId: (name) => (name === 'fdbroker' ? 900 : undefined) };
const found = (parts: FakeHostParts, accounts = withBroker, wanted = true) =>
  lines(examineMacvtapNodes(fakeHost(parts), accounts, wanted));

const file = '/lib/udev/rules.d/60-fdbroker.rules';
const nodes = { '/run/udev/control': { kind: 'socket' } } as const;
const mounts = (kind: string) => ({ '/proc/self/mounts': `proc /proc proc rw 0 0\nnone /dev ${kind} rw 0 0\n` });

t.test('udev and its rule', async (t) => {
  t.same(found({ nodes, files: { [file]: '' } }), [`ok ${file} gives the nodes of macvtaps to fdbroker`]);
  const own = file.replace('/lib', '/etc');
  t.match(found({ nodes, files: { [file]: '', [own]: '' } }), [/^ok \/etc\//], 'the one that udev takes');
  t.match(found({ nodes }), [/^problem udev has no rule 60-fdbroker\.rules, .* \| sudo install .* udevadm control /]);
  t.match(found({ files: { [file]: '' } }), [/^problem udev does not run, .* \| sudo apt-get install udev /]);
  t.equal(found({}).length, 2);
});

t.test('a /dev without the nodes', async (t) => {
  t.match(found({ nodes, files: { [file]: '', ...mounts('tmpfs') } }), [
    /^hint \/dev is no devtmpfs, .* \| run fdbrokerd /,
  ]);
  t.match(found({ nodes, files: { [file]: '', ...mounts('devtmpfs') } }), [/^ok /]);
});

t.test('where it does not matter', async (t) => {
  const process = (uid: number, program: string) => ({
    '/proc/77/cmdline': `node\0/usr/lib/${program}.js\0`,
    '/proc/77/status': `Name:\tnode\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
  });
  const told = (files: Readonly<Record<string, string>>) =>
    lines(examineMacvtapNodes(fakeHost({ files }), withBroker, true, 77)).length;
  t.equal(told(process(0, 'fdbrokerd')), 0, 'root has started it');
  t.equal(told(process(900, 'fdbrokerd')), 2);
  t.equal(told(process(0, 'init')), 2, 'another process');
  t.same(found({}, testAccounts), [], "the broker is root's");
  t.same(found({}, withBroker, false), [], 'there are no networks of macvtaps');
});
