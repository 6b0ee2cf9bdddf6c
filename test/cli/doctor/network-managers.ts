/** NetworkManager and systemd-networkd, and the files that keep them off the broker's taps. */
import t from 'tap';
import { examineNetworkManagers } from '../../../src/cli/doctor/network-managers.js';
import { fakeHost, lines } from '../../support/fake-host.js';

const found = (files: Record<string, string>) => lines(examineNetworkManagers(fakeHost({ files })));
const nothing = ['ok no network manager takes the interfaces of the broker'];

t.same(found({}), nothing);

t.test('NetworkManager', async (t) => {
  const runs = { '/run/NetworkManager/x': '' };
  const taken =
    /^hint NetworkManager runs .* \| printf '.*interface-name:fdb\*.*' \| sudo tee .* && sudo nmcli general reload$/;
  const main = '/etc/NetworkManager/NetworkManager.conf';
  const dropIn = '/etc/NetworkManager/conf.d/x.conf';
  t.match(found(runs), [taken]);
  t.match(found({ ...runs, [main]: '[keyfile]\nunmanaged-devices=interface-name:eth*;mac:52:54:00:12:34:56\n' }), [
    taken,
  ]);
  t.same(found({ ...runs, [main]: '[keyfile]\nunmanaged-devices=interface-name:fdb*\n' }), nothing);
  t.same(found({ ...runs, [dropIn]: '[keyfile]\nunmanaged-devices+=mac:1;interface-name:fdb????????\n' }), nothing);
  t.same(found({ ...runs, '/usr/lib/NetworkManager/conf.d/y': 'unmanaged-devices=interface-name:*' }), nothing);
});

t.test('systemd-networkd', async (t) => {
  const runs = { '/run/systemd/netif/state': '' };
  const file = '/etc/systemd/network/50-all.network';
  const taken =
    /^hint systemd-networkd would configure .* by \S+50-all\.network \| printf .* && sudo networkctl reload$/;
  const cases: [match: string, taken: boolean][] = [
    ['Name=*', true],
    ['Name=en* fdb*', true],
    ['Name=en*', false],
    ['Name=!en*', true],
    ['Name=!fdb*', false],
    ['Type=ether', true],
    ['Type=!loopback', true],
    ['Type=wlan', false],
    ['Kind=!*', false],
    ['Name=*\nDriver=veth', false],
    ['Name=*\nMACAddress=52:54:00:12:34:56', false],
    ['', false],
  ];
  for (const [match, isTaken] of cases) {
    const text = `# a comment\n[Match]\n${match}\n\n[Network]\nDHCP=yes\n`;
    t.match(found({ ...runs, [file]: text }), isTaken ? [taken] : nothing, match);
  }
  t.match(found({ ...runs, [file]: '[Network]\nDHCP=yes\n[Match]\nType=ether' }), [taken], 'a last section');
  t.same(found({ ...runs, [file]: '[Network]\nName=*\n' }), nothing, 'another section');
  t.same(found({ [file]: '[Match]\nName=*\n' }), nothing, 'it does not run');
  const all = { ...runs, [file]: '[Match]\nName=*\n' };
  const unmanaged = '[Match]\nName=fdb*\n[Link]\nUnmanaged=yes\n';
  t.same(found({ ...all, '/run/systemd/network/05-fdb.network': unmanaged }), nothing, 'the first name counts');
  t.match(found({ ...all, '/etc/systemd/network/60-fdb.network': unmanaged }), [taken]);
  t.match(found({ ...all, '/etc/systemd/network/05-fdb.link': unmanaged }), [taken]);
  t.same(
    found({ ...runs, '/usr/lib/systemd/network/50-all.network': '[Match]\nName=*\n', [file]: '[Match]\nName=en*' }),
    nothing,
    'a file of /etc replaces the one of its name',
  );
});
