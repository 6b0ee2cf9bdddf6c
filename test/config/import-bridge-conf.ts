import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ok } from 'neverthrow';
import t from 'tap';
import { decide } from '../../src/acl/decide.js';
import { compilePolicy } from '../../src/acl/policy.js';
import { formatConfigError } from '../../src/config/errors.js';
import { importBridgeConf } from '../../src/config/import-bridge-conf.js';
import { configOf, errorsOf } from '../support/config-text.js';
import { credentials, interfaceName, name } from '../support/policy.js';

function imported(text: string, bridges?: readonly string[]) {
  const options = { read: () => ok(Buffer.from(text)) };
  const present = bridges === undefined ? {} : { bridges: bridges.map(interfaceName) };
  return importBridgeConf('/etc/qemu/bridge.conf', { ...options, ...present });
}

/** What the sections say of a bridge to anyone. */
function mayUse(text: string, bridge: string): boolean {
  const ask = { network: name(bridge), form: 'tap' } as const;
  const nothing = { portsOf: () => 0, macInUse: () => false };
  return decide(compilePolicy(configOf(text)), credentials(1000), ask, nothing).isOk();
}

t.test('the sections, with what has to be known', async (t) => {
  const { text, notes } = imported('allow br1\nallow br0\ndeny br2\n')._unsafeUnwrap();
  t.same(notes, []);
  t.equal(
    text,
    `; Imported from "/etc/qemu/bridge.conf", which knows no users: whoever could run qemu-bridge-helper could use it.
; So these rules are for everyone who can connect to the broker. Name the group that may in fdbroker.ini:
;     [broker]
;     socket-group = kvm
; or put user[] and group[] lines in the place of user[] = *

[network br0]
type = bridge
bridge = br0

[network br1]
type = bridge
bridge = br1

[network br2]
type = bridge
bridge = br2

[rule bridge-conf-allow]
effect = allow
user[] = *
network[] = br0
network[] = br1

[rule bridge-conf-deny]
effect = deny
user[] = *
network[] = br2
`,
  );
  t.same(errorsOf(text), []);
});

t.test('an empty file allows nothing', async (t) => {
  const { text } = imported('# nothing\n')._unsafeUnwrap();
  t.match(text, 'It names no bridge, so there is nothing to allow.');
  t.equal(configOf(text).rules.length, 0);
});

t.test('allow all and deny all', async (t) => {
  const all = imported('allow all\ndeny br1\n')._unsafeUnwrap();
  t.match(all.notes.map(formatConfigError), [
    /^\/etc\/qemu\/bridge.conf:1: allow all allows any bridge, also one made later/,
  ]);
  t.same([...configOf(all.text).networks.keys()], ['br1']);
  t.notOk(mayUse(all.text, 'br1'));
  const host = imported('allow all\ndeny br1\n', ['br0', 'br1', '_odd'])._unsafeUnwrap();
  t.same([...configOf(host.text).networks.keys()], ['br0', 'br1'], 'what the host has, as far as it can be named');
  t.ok(mayUse(host.text, 'br0'));
  t.notOk(mayUse(host.text, 'br1'));
  const none = imported('deny all\nallow br0\n', ['br0', 'br5'])._unsafeUnwrap();
  t.match(none.notes.map(formatConfigError), [
    /:1: deny all denies every bridge; here it denies those that the file names/,
  ]);
  t.notOk(mayUse(none.text, 'br0'));
  t.notOk(mayUse(none.text, 'br5'));
});

t.test('errors come all at once, and then there is no text', async (t) => {
  const errors = imported('allow _odd\nbogus x\nallow br0\nallow a234567890123456\n')
    ._unsafeUnwrapErr()
    .map(formatConfigError);
  t.match(errors, [
    /^\/etc\/qemu\/bridge.conf:1: "_odd" is not a network name; .*; rename the bridge$/,
    /^\/etc\/qemu\/bridge.conf:2: "bogus" is not a command/,
    /^\/etc\/qemu\/bridge.conf:4: allow: .* has 16 bytes/,
  ]);
  t.equal(errors.length, 3);
});

const helper = '/usr/lib/qemu/qemu-bridge-helper';
/** Why it cannot be asked here; false when it can. */
function missing(): string | false {
  if (!existsSync(helper)) return `needs ${helper} (package qemu-system-common)`;
  const { status } = spawnSync('unshare', ['-mn', 'mount', '-t', 'tmpfs', 'none', '/etc']);
  return status !== 0 && 'needs root, and mount namespaces, for a bridge.conf of its own';
}

/** What qemu-bridge-helper says, with this file, of a bridge that does not exist. */
function realVerdict(conf: string, bridge: string): 'allowed' | 'denied' | 'refused' {
  const script = `mount -t tmpfs none /etc && mkdir /etc/qemu && cat > /etc/qemu/bridge.conf && ${helper} --br=${bridge} --fd=9`;
  const { stderr } = spawnSync('unshare', ['-mn', 'sh', '-c', script], { input: conf, encoding: 'utf8' });
  if (/access denied by acl file/.test(stderr)) return 'denied';
  if (/failed to parse default acl file/.test(stderr)) return 'refused';
  // It was let through, and failed at the tap or at the bridge
  if (/failed to (get mtu of bridge|open \/dev\/net\/tun|create tun device)/.test(stderr)) return 'allowed';
  throw new Error(stderr);
}

t.test('the meaning is qemu-bridge-helper’s own', { skip: missing() }, async (t) => {
  const same = [
    'allow no0\n',
    'allow no0\ndeny no0\n',
    'deny no0\nallow no0\n',
    'allow all\ndeny no1\n',
    'deny no1\nallow all\n',
    'deny all\nallow no0\n',
    'allow no0\ndeny all\n',
    '# allow no0\nallow no1',
    '\tallow \t no0\r\n\n deny no1\n',
    '',
    'Allow no0\n',
    'allow\n',
    '; allow no0\n',
    'allow\tno0 \n',
    'allow a234567890123456\n',
    'allow no0\nbogus x\n',
  ];
  for (const conf of same) {
    const result = imported(conf, ['no0', 'no1']);
    for (const bridge of ['no0', 'no1']) {
      const ours = result.match(
        ({ text }) => (mayUse(text, bridge) ? 'allowed' : 'denied'),
        () => 'refused',
      );
      t.equal(ours, realVerdict(conf, bridge), `${bridge}: ${JSON.stringify(conf)}`);
    }
  }
  // Where it passes over a mistake in silence, the import refuses
  for (const conf of [
    'allow \n',
    'deny no0 # comment\nallow no0\n',
    'allow no0 no1\n',
    'include other.conf\nallow no0\n',
  ]) {
    t.not(realVerdict(conf, 'no0'), 'refused');
    t.ok(imported(conf).isErr(), JSON.stringify(conf));
  }
});
