/** Modules in use, built in, to be loaded, missing, and on hosts that do not tell. */
import t from 'tap';
import type { LinkFacts } from '../../../src/cli/doctor/links.js';
import { examineModules } from '../../../src/cli/doctor/modules.js';
import { type FakeHostParts, fakeHost, lines } from '../../support/fake-host.js';

const folder = '/lib/modules/6.1.0';
const release = { '/proc/sys/kernel/osrelease': '6.1.0' };
const builtIn = 'kernel/net/bridge/bridge.ko\nkernel/fs/ext4/ext4.ko';
const available = 'kernel/drivers/net/tun.ko.xz: \nkernel/drivers/vhost/vhost-net.ko: kernel/drivers/vhost/vhost.ko';

/** By the order of the modules: tun, bridge, macvtap, vhost_net. */
function found(parts: FakeHostParts, links?: readonly Partial<LinkFacts>[], types = ['bridge']): string[] {
  const host = fakeHost({ ...parts, files: { ...release, ...parts.files } });
  return lines(examineModules(host, links as readonly LinkFacts[] | undefined, new Set(types)));
}

t.test('a host with lists of modules', async (t) => {
  const files = { [`${folder}/modules.builtin`]: builtIn, [`${folder}/modules.dep`]: available };
  t.same(found({ files }), [
    'ok tun is loaded when it is needed',
    'ok bridge is built into the kernel',
    'hint the kernel 6.1.0 has no macvtap: networks of type macvtap cannot be had | boot a kernel that has it (CONFIG_MACVTAP)',
    'ok vhost_net is loaded when it is needed',
  ]);
  const poor = { [`${folder}/modules.builtin`]: 'kernel/fs/ext4/ext4.ko' };
  t.match(found({ files: poor }), [
    /^problem the kernel 6\.1\.0 has no tun: taps cannot be had \| .* \(CONFIG_TUN\)$/,
    /^problem .* no bridge/,
    /^hint .* no macvtap/,
    /^hint .* no vhost_net/,
  ]);
  t.match(
    found({ files: poor }, undefined, ['macvtap']),
    [/^problem/, /^hint/, /^problem/, /^hint/],
    'by what there is',
  );
});

t.test('a host without', async (t) => {
  t.match(found({}), Array(4).fill(/^hint \w+ is not loaded, and this host has no list .* \| sudo modprobe \w+$/));
  const upgraded = { '/lib/modules/6.2.0/modules.dep': available };
  t.match(found({ files: upgraded }), [
    /^problem .* 6\.1\.0 are gone, .* tun is not loaded \| sudo reboot$/,
    /^problem/,
    /^hint/,
  ]);
});

t.test('what is in use', async (t) => {
  const nodes = { '/sys/module/bridge': { kind: 'folder' } } as const;
  const files = { '/proc/misc': '200 tun\n238 vhost-net', '/proc/devices': 'Character devices:\n246 macvtap' };
  const all = ['tun', 'bridge', 'macvtap', 'vhost_net'].map((name) => `ok ${name} is in the kernel`);
  t.same(found({ nodes, files }), all);
  t.same(found({ files }, [{ kind: 'bridge' }, { kind: undefined }]), all, 'by a link');
  t.match(found({}, [{ kind: 'tun' }])[0], /^ok tun is in the kernel/);
});
