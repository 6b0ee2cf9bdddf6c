import t from 'tap';
import { formatAlias, type Grant, parseAlias, tapAddress } from '../../src/core/grant.js';
import { parseMac } from '../../src/core/mac.js';
import { parseGrantId, parseNetworkName } from '../../src/core/names.js';

const grant: Grant = {
  ...{ id: parseGrantId('1a2b3c4d')._unsafeUnwrap(), uid: 4_294_967_294, gid: 4_294_967_294 },
  ...{ network: parseNetworkName('n'.repeat(63))._unsafeUnwrap(), form: 'stream' },
  ...{ mac: parseMac('52:54:00:12:34:56')._unsafeUnwrap(), holder: 4_194_304, since: 4_294_967_295, vlan: 4094 },
};

t.test('the longest alias fits the kernel, and reads back the same', async (t) => {
  const alias = formatAlias(grant);
  t.ok(Buffer.byteLength(alias) <= 255, `${alias.length}`);
  t.same(parseAlias(alias), grant);
});

t.test('so does the longest of a macvtap on a virtual function', async (t) => {
  const before = { vlan: 4094, priority: 7, spoofCheck: true };
  const borrowed = { physical: 9_999_999, number: 65_535, before };
  const longest: Grant = { ...grant, form: 'tap', queues: 256, borrowed };
  t.ok(Buffer.byteLength(formatAlias(longest)) <= 255, `${formatAlias(longest).length}`);
  t.same(parseAlias(formatAlias(longest)), longest);
});

t.test('what is not ours is nobody’s grant', async (t) => {
  const alias = formatAlias(grant);
  const bad = [
    '',
    'uplink to the office',
    'fdbroker',
    `my ${alias}`,
    alias.replace('fdbroker', 'fdbroker2'),
    alias.replace('grant=1a2b3c4d', 'grant=1a2b3c4'),
    alias.replace(/uid=\d+/, 'uid=-1'),
    alias.replace(/uid=\d+/, 'uid=1e3'),
    alias.replace('form=stream', 'form=carrot'),
    alias.replace(/ mac=\S+/, ''),
    alias.replace(/network=n+/, 'network=a/b'),
    alias.slice(0, -24),
  ];
  for (const text of bad) t.equal(parseAlias(text), undefined, text);
});

t.test('a port without a VLAN has none in its alias', async (t) => {
  const { vlan: _vlan, ...plain } = grant;
  t.notMatch(formatAlias(plain), /vlan/);
  t.same(parseAlias(formatAlias(plain)), plain);
});

t.test('the tap’s address keeps the bridge’s own lowest', async (t) => {
  t.equal(tapAddress(grant.id), 'fe:fd:1a:2b:3c:4d');
});
