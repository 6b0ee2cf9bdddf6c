/** The verbs as functions: pages put together, answers checked, refusals passed on. */
import t from 'tap';
import type { ClientError } from '../../src/client/error.js';
import {
  isFullStatus,
  listNetworks,
  listPorts,
  readStatus,
  releaseGrant,
  reloadConfig,
} from '../../src/client/verbs.js';
import type { GrantId } from '../../src/core/names.js';
import type { NetworkListing, PortListing, StatusListing } from '../../src/protocol/listing.js';
import { encodeReply, type Reply } from '../../src/protocol/reply.js';
import { type Script, ScriptedServer } from '../support/scripted-server.js';

const network: NetworkListing = {
  name: 'lan',
  type: 'bridge',
  forms: ['tap'],
  mtu: null,
  on: 'br0',
  bridge: 'br0',
  vlan: null,
  isolated: false,
  lockMac: false,
  hairpin: false,
  maxQueues: 1,
  vhost: 'no',
  maxPorts: null,
  usedPorts: 0,
  guestsReachEachOther: true,
  hostReachable: true,
  outsideReachable: null,
  uplinks: [],
  routed: false,
  filteredBy: [],
  capture: false,
  vhostAvailable: true,
  caution: null,
  problem: null,
};
const port: PortListing = {
  grant: '00000000',
  uid: 1000,
  gid: 1000,
  network: 'lan',
  form: 'tap',
  ifname: 'fdb00000000',
  ifindex: 7,
  queues: 1,
  mac: '52:54:00:00:00:01',
  mtu: 1500,
  holder: 0,
  holderName: null,
  since: 1,
  state: 'up',
};
const status: StatusListing = {
  version: '0.1.0',
  pid: 1,
  since: 1,
  mode: 'system',
  config: { state: 'ok', files: [], loaded: 1, error: null },
  ports: 0,
  connections: 1,
  networks: 1,
  rules: 1,
  counters: { requests: 1 },
};

/** Answers `ports` from these, `size` to a page. */
function pages(ports: readonly PortListing[], size: number): Script {
  return ({ request, ok }) => {
    const after = request.verb === 'ports' ? (request.after ?? '') : '';
    const rest = ports.filter(({ grant }) => grant > after);
    const page = rest.slice(0, size);
    const next = rest.length > size ? { next: page.at(-1)?.grant ?? '' } : {};
    ok({ data: JSON.stringify(page), ...next });
  };
}

t.test('ports come whole, over as many pages as it takes', async (t) => {
  const ports = Array.from({ length: 7 }, (_, at) => ({ ...port, grant: `0000000${at}` }));
  for (const [size, asked] of [
    [1, 7],
    [3, 3],
    [7, 1],
    [100, 1],
  ] as const) {
    using server = new ScriptedServer(pages(ports, size)).start();
    t.same((await listPorts(server.path))._unsafeUnwrap(), ports);
    t.equal(server.requests.length, asked, `pages of ${size}`);
  }
});

t.test('what this version does not know of a row is passed on', async (t) => {
  const rows = [{ ...network, colour: 'blue' }];
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(rows) })).start();
  t.same((await listNetworks(server.path))._unsafeUnwrap(), rows);
});

t.test('status in full and in short', async (t) => {
  const { version, pid, since } = status;
  const summary = { version, pid, since, config: { state: 'refused' as const } };
  for (const [answer, full] of [
    [status, true],
    [summary, false],
  ] as const) {
    using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(answer) })).start();
    const got = (await readStatus(server.path))._unsafeUnwrap();
    t.same(got, answer);
    t.equal(isFullStatus(got), full);
  }
});

t.test('reload and release', async (t) => {
  const reloaded = { files: ['/a.ini'], networks: 2, rules: 3, atNextStart: ['socket-mode'], unusable: [] };
  using server = new ScriptedServer(({ request, ok }) =>
    request.verb === 'release' ? ok({ grant: request.grant }) : ok({ data: JSON.stringify(reloaded) }),
  ).start();
  t.same((await reloadConfig(server.path))._unsafeUnwrap(), reloaded);
  t.equal((await releaseGrant(server.path, '1a2b3c4d' as GrantId))._unsafeUnwrap(), undefined);
  t.same(server.requests, ['fdbroker 1\nverb=reload\n', 'fdbroker 1\nverb=release\ngrant=1a2b3c4d\n']);
});

t.test('every kind of refusal is passed on with its sentence', async (t) => {
  for (const refusal of ['denied', 'refused', 'invalid', 'failed', 'busy'] as const) {
    const reply: Reply = { status: refusal, message: `it was ${refusal}` };
    using server = new ScriptedServer(({ send }) => send(encodeReply(reply))).start();
    const expected = { tag: 'refused', ...reply };
    t.same((await listPorts(server.path))._unsafeUnwrapErr(), expected);
    t.same((await releaseGrant(server.path, '1a2b3c4d' as GrantId))._unsafeUnwrapErr(), expected);
  }
});

t.test('a refusal that says more says it in lines', async (t) => {
  const cases: [data: string, lines: readonly string[]][] = [
    ['["a.ini:3: what","b.ini: which"]', ['a.ini:3: what', 'b.ini: which']],
    ['["a",1,null]', ['a']],
    ['{"0":"a"}', []],
    ['["a', []],
  ];
  for (const [data, lines] of cases) {
    const reply: Reply = { status: 'failed', message: 'no', data };
    using server = new ScriptedServer(({ send }) => send(encodeReply(reply))).start();
    const error = (await reloadConfig(server.path))._unsafeUnwrapErr();
    t.same(error, { tag: 'refused', status: 'failed', message: 'no', lines }, data);
  }
});

const nonsense: [what: string, script: Script, words: RegExp][] = [
  ['no data', ({ ok }) => ok({}), /"data" is missing/],
  ['no JSON', ({ ok }) => ok({ data: '[{' }), /"data" is no JSON/],
  ['no array', ({ ok }) => ok({ data: '{}' }), /"data" is no array/],
  ['no objects', ({ ok }) => ok({ data: '[1]' }), /holds no object/],
  ['a missing field', ({ ok }) => ok({ data: JSON.stringify([{ ...port, mac: undefined }]) }), /"mac" is missing/],
  ['a wrong kind', ({ ok }) => ok({ data: JSON.stringify([{ ...port, mtu: '1500' }]) }), /"mtu" is missing or of the/],
  ['an unknown state', ({ ok }) => ok({ data: JSON.stringify([{ ...port, state: 'odd' }]) }), /"state"/],
  ['a field by inheritance', ({ ok }) => ok({ data: '[{"__proto__":{"mac":"x"}}]' }), /"grant"/],
  ['pages that stand still', ({ ok }) => ok({ data: '[]', next: 'a' }), /do not advance/],
];
for (const [what, script, words] of nonsense) {
  t.test(`ports with ${what}`, async (t) => {
    using server = new ScriptedServer(script).start();
    const error = (await listPorts(server.path))._unsafeUnwrapErr();
    t.equal(error.tag, 'garbage');
    t.match(error, { what: words } as unknown as ClientError);
  });
}

t.test('misshapen status, reload, release', async (t) => {
  const answers = [JSON.stringify({ ...status, counters: { requests: 'many' } }), 'null', '{"files":[1]}'];
  for (const data of answers) {
    using server = new ScriptedServer(({ ok }) => ok({ data, grant: '00000000' })).start();
    t.equal((await readStatus(server.path))._unsafeUnwrapErr().tag, 'garbage', data);
    t.equal((await reloadConfig(server.path))._unsafeUnwrapErr().tag, 'garbage', data);
    t.equal((await releaseGrant(server.path, '1a2b3c4d' as GrantId))._unsafeUnwrapErr().tag, 'garbage', data);
  }
});

t.test('pages without end are waited for as long as one answer', async (t) => {
  let page = 0;
  using server = new ScriptedServer(({ ok }) => ok({ data: '[]', next: String(page++).padStart(9, '0') })).start();
  const error = (await listPorts(server.path, { timeout: 0.5 }))._unsafeUnwrapErr();
  t.ok(error.tag === 'timeout' ? error.seconds === 0.5 : error.tag === 'garbage', error.tag);
});
