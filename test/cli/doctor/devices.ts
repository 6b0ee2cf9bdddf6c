/** Device nodes that are missing, closed, and in order. */
import t from 'tap';
import { examineDevices } from '../../../src/cli/doctor/devices.js';
import type { FileFacts } from '../../../src/cli/doctor/host.js';
import type { Accounts } from '../../../src/core/config.js';
import { testAccounts } from '../../support/accounts.js';
import { fakeHost, lines } from '../../support/fake-host.js';

const alice = { uid: 1000, gid: 1000, groups: [1000], name: 'alice' };
const withBroker: Accounts = {
  ...testAccounts,
  userId: (name) => (name === 'fdbroker' ? 900 : undefined),
  groupsOf: (name) => (name === 'fdbroker' ? { gid: 900, groups: [36] } : undefined),
};

/** What is found of the node, with the others in order. */
function found(node: string, facts: Partial<FileFacts> | undefined, accounts = testAccounts, open = false): string {
  const nodes = { '/dev/net/tun': {}, '/dev/vhost-net': {}, '/dev/kvm': {}, [node]: facts };
  const there = Object.fromEntries(Object.entries(nodes).filter(([, one]) => one !== undefined));
  const host = fakeHost({ nodes: there as Record<string, Partial<FileFacts>>, open: open ? [node] : [] });
  const order = ['/dev/net/tun', '/dev/vhost-net', '/dev/kvm'];
  return lines(examineDevices(host, alice, accounts, false))[order.indexOf(node)] ?? '';
}

t.test('/dev/net/tun', async (t) => {
  const tun = (facts: Partial<FileFacts> | undefined, accounts?: Accounts) => found('/dev/net/tun', facts, accounts);
  t.equal(tun(undefined), 'problem there is no /dev/net/tun, and so no tap | sudo modprobe tun');
  t.match(tun({ kind: 'folder' }), /^problem .* no device node \| sudo rm -r \/dev\/net\/tun && sudo mknod -m 0666 /);
  t.equal(tun({}), 'ok /dev/net/tun (mode 0666) is open to the broker');
  t.match(
    tun({ mode: 0o600 }),
    /^hint .* \(mode 0600\) is closed to a broker that is not root; .* \| sudo chmod 0666 /,
  );
  t.match(tun({ mode: 0o600 }, withBroker), /^problem .* closed to the broker's user, fdbroker; /);
  t.match(tun({ mode: 0o660, gid: 36 }, withBroker), /^ok/);
});

t.test('/dev/net/tun, open to everyone, and taps of several queues', async (t) => {
  const root = { ...alice, uid: 0, name: 'root' };
  const raced = (facts: Partial<FileFacts>, accounts: Accounts, caller = alice, udev = true, several = true) => {
    const nodes = { '/dev/net/tun': facts, ...(udev ? { '/run/udev/control': {} } : {}) };
    const said = lines(examineDevices(fakeHost({ nodes }), caller, accounts, several));
    return said.filter((line) => line.includes('several queues'));
  };
  const what =
    'hint /dev/net/tun (mode 0666) is open to everyone: any user can keep others from taps of several queues';
  t.same(raced({}, withBroker), [
    `${what} | echo 'KERNEL=="tun", GROUP="fdbroker", MODE="0660"' | sudo tee /etc/udev/rules.d/60-tun.rules && sudo udevadm trigger /dev/net/tun`,
  ]);
  t.same(raced({}, withBroker, alice, false), [
    `${what} | sudo chgrp fdbroker /dev/net/tun && sudo chmod 0660 /dev/net/tun`,
  ]);
  t.match(raced({}, testAccounts, root), [/GROUP="root", MODE="0600"/], "the broker is root's");
  t.same(raced({}, testAccounts), [], 'the broker may be in user mode, which needs the node');
  t.same(raced({ mode: 0o660 }, withBroker), []);
  t.same(raced({}, withBroker, alice, true, false), [], 'nobody may have several');
});

t.test('/dev/vhost-net', async (t) => {
  const vhost = (facts: Partial<FileFacts> | undefined, accounts?: Accounts) =>
    found('/dev/vhost-net', facts, accounts);
  t.match(vhost(undefined), /^hint there is no \/dev\/vhost-net: .* \| sudo modprobe vhost_net$/);
  t.match(vhost({ mode: 0o600 }), /^hint .*not root, which hands it out .* \| sudo chgrp kvm .* && sudo chmod 0660 /);
  t.match(vhost({ mode: 0o600 }, withBroker), /^hint .* user, fdbroker/);
  t.match(vhost({ mode: 0o660, gid: 36 }, withBroker), /^ok .* \(mode 0660\) is open to the broker$/);
});

t.test('/dev/kvm', async (t) => {
  t.match(found('/dev/kvm', undefined), /^hint there is no \/dev\/kvm: .* \| sudo modprobe -a kvm_intel kvm_amd$/);
  t.match(
    found('/dev/kvm', { mode: 0o660 }),
    /^hint .* \(mode 0660\) is closed to you: .* \| sudo usermod -aG kvm alice$/,
  );
  t.match(
    found('/dev/kvm', { mode: 0o600 }),
    /\| sudo chgrp kvm \/dev\/kvm && sudo chmod 0660 \/dev\/kvm && sudo usermod -aG kvm alice$/,
    'a node that its group may not use either',
  );
  t.equal(found('/dev/kvm', { mode: 0o660 }, testAccounts, true), 'ok /dev/kvm is open to you');
});
