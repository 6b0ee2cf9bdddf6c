/** Who may release and reload, and what the listings tell whom. */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok } from 'neverthrow';
import t from 'tap';
import { Endings } from '../../src/broker/endings.js';
import { listPorts, status } from '../../src/broker/listings.js';
import { release, reload } from '../../src/broker/orders.js';

import type { Config, ConfigError } from '../../src/core/config.js';
import { maxMessage } from '../../src/protocol/message.js';
import { encodeReply, type Reply } from '../../src/protocol/reply.js';
import { brokerOn } from '../support/broker.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { serveNow } from '../support/fake-ports.js';
import { allowRule, bridgeNetwork, credentials, name, testConfig } from '../support/policy.js';

const admin = 3000;
const data = (reply: Reply) => JSON.parse(reply.status === 'ok' ? (reply.fields.get('data') ?? '') : 'null');

function machine(folder: string) {
  const kernel = new FakeKernel();
  kernel.addBridge('br0');
  const base = testConfig([bridgeNetwork()], [allowRule()]);
  let next: Config | readonly ConfigError[] = base;
  const config = { ...base, broker: { ...base.broker, adminGroup: admin } };
  const load = () => ('rules' in next ? ok<Config, readonly ConfigError[]>(next) : err(next));
  const made = brokerOn(kernel, config, folder, load);
  const grant = (uid: number) => {
    const request = { verb: 'open', network: name('lan'), form: 'tap', vnetHdr: false } as const;
    // The fake kernel ends a tap with the broker's own copy, so the ledger alone knows of it here
    return serveNow(made.broker, credentials(uid), request, undefined, () => ok());
  };
  const loads = (what: typeof next) => {
    next = what;
  };
  return { ...made, kernel, endings: new Endings(made.broker), grant, loads };
}

t.test('a grant is released by its owner and by administrators, for others it is not there', async (t) => {
  const { broker, endings, grant, audited } = machine(t.testdir());
  const [own, other, third] = [grant(1000), grant(1001), grant(1001)];
  const id = (entry: typeof own) => entry?.id as never;
  const unknown = await release(broker, endings, credentials(1000), '00000000' as never);
  const foreign = await release(broker, endings, credentials(1000), id(other));
  const words = (reply: Reply) => (reply.status === 'ok' ? 'ok' : reply.message.replace(/[0-9a-f]{8}/, 'ID'));
  t.equal(words(foreign), words(unknown), 'a stranger’s grant and none look alike');
  t.equal((await release(broker, endings, credentials(1000), id(own))).status, 'ok');
  t.equal((await release(broker, endings, credentials(0), id(other))).status, 'ok');
  t.equal((await release(broker, endings, credentials(5, { groups: [admin] }), id(third))).status, 'ok');
  t.equal(broker.ledger.size, 0);
  t.same(
    audited()
      .filter(({ event }) => event === 'ended')
      .map(({ reason }) => reason),
    ['released by uid 1000', 'released by uid 0', 'released by uid 5'],
  );
});

t.test('a user sees own ports, administrators see all', async (t) => {
  const { broker, grant } = machine(t.testdir());
  grant(1000);
  grant(1001);
  t.match(data(listPorts(broker, credentials(1000), undefined)), [{ uid: 1000 }]);
  t.equal(data(listPorts(broker, credentials(2000), undefined)).length, 0);
  t.equal(data(listPorts(broker, credentials(0), undefined)).length, 2);
  t.equal(data(listPorts(broker, credentials(7, { gid: admin }), undefined)).length, 2);
});

t.test('a long listing comes in pages, each row once', async (t) => {
  const { broker, grant } = machine(t.testdir());
  for (let count = 0; count < 500; count++) grant(1000);
  const seen = new Set<string>();
  let after: string | undefined;
  let pages = 0;
  do {
    const reply = listPorts(broker, credentials(1000), after);
    for (const row of data(reply)) seen.add(row.grant);
    after = reply.status === 'ok' ? reply.fields.get('next') : undefined;
    pages++;
  } while (after !== undefined);
  t.equal(seen.size, 500);
  t.ok(pages > 1 && pages < 10, `${pages} pages`);
});

t.test('status tells an ordinary user little', async (t) => {
  const { broker } = machine(t.testdir());
  t.same(Object.keys(data(status(broker, credentials(1000)))).sort(), ['config', 'pid', 'since', 'version']);
  t.match(data(status(broker, credentials(0))), { mode: 'system', networks: 1, rules: 1, counters: {} });
});

t.test('however many files and errors there are, a listing has room in one message', async (t) => {
  const { broker, loads } = machine(t.testdir());
  const files = Array.from({ length: 5000 }, (_, at) => `/etc/fdbroker/conf.d/${at}-"ä".ini`);
  loads({ ...testConfig([], []), files });
  const reloaded = reload(broker, credentials(0));
  loads(files.map((file) => ({ tag: 'config', file, line: 0, what: '€'.repeat(1000) })));
  for (const reply of [reloaded, reload(broker, credentials(0)), status(broker, credentials(0))]) {
    t.ok(encodeReply(reply).length <= maxMessage);
  }
  const { config } = data(status(broker, credentials(0)));
  t.equal(config.files[0], files[0]);
  t.match(config.files.at(-1), /^… and \d+ more$/);
  t.match(config.error.at(-1), /^… and \d+ more$/);
});

t.test('a reload is for administrators, and all or nothing', async (t) => {
  const { broker, loads } = machine(t.testdir());
  t.equal(reload(broker, credentials(1000)).status, 'refused');
  loads([{ tag: 'config', file: 'x.ini', line: 3, what: 'it is wrong' }]);
  t.match(reload(broker, credentials(0)), {
    status: 'failed',
    message: 'the configuration has 1 error and is refused, the one before stays in force',
    data: '["x.ini:3: it is wrong"]',
  });
  t.match(data(status(broker, credentials(0))).config, { state: 'refused', error: ['x.ini:3: it is wrong'] });
  t.equal(broker.config.rules.length, 1, 'what was in force stays');
  loads(testConfig([], []));
  t.equal(reload(broker, credentials(0)).status, 'ok');
  t.equal(broker.config.rules.length, 0);
  t.equal(reload(broker, credentials(5, { groups: [admin] })).status, 'refused', 'the new one has no admin group');
});

t.test('a reload opens the audit file anew, as after a rotation', async (t) => {
  const folder = t.testdir();
  const { broker, audited } = machine(folder);
  const file = join(folder, 'audit.log');
  renameSync(file, `${file}.1`);
  t.equal(reload(broker, credentials(1000)).status, 'refused');
  t.notOk(existsSync(file), 'not for just anybody');
  t.equal(reload(broker, credentials(0)).status, 'ok');
  t.match(audited(), [{ event: 'reload', reason: /^1 rule from test\.ini$/ }]);
  t.equal(readFileSync(`${file}.1`, 'utf8'), '');
});

t.test('a reload that cannot open the audit file says so, and counts', async (t) => {
  const folder = t.testdir();
  const { broker, loads } = machine(folder);
  const file = join(folder, 'audit.log');
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  loads({ ...testConfig([], []), broker: { ...broker.config.broker } });
  const unopened = /; the audit file cannot be opened anew, and the one before stays in use: EISDIR/;
  t.match(reload(broker, credentials(0)), { status: 'failed', message: /^the configuration is in force;/ });
  t.match(reload(broker, credentials(0)), { message: unopened });
  t.equal(broker.config.rules.length, 0);
  loads([{ tag: 'config', file: 'x.ini', line: 3, what: 'it is wrong' }]);
  t.match(reload(broker, credentials(0)), { status: 'failed', message: unopened, data: /it is wrong/ });
  t.equal(readFileSync(`${file}.1`, 'utf8').trimEnd().split('\n').length, 3, 'the one before stays in use');
});

t.test('settings that count at the next start are named until they are as they were', async (t) => {
  const { broker, loads, audited } = machine(t.testdir());
  const { broker: before } = broker.config;
  const named = (change: Partial<typeof before>) => {
    loads({ ...testConfig([], []), broker: { ...before, ...change } });
    return data(reload(broker, credentials(0))).atNextStart;
  };
  t.same(named({ maxConnections: 7 }), [], 'this one counts at once');
  t.same(named({ socketMode: 0o666 }), ['socket-mode']);
  t.same(named({ socketMode: 0o666 }), ['socket-mode'], 'still');
  t.same(named({ socketGroup: 36, auditFile: '/a' }), ['socket-group', 'audit-file']);
  t.match(audited().at(-1), { reason: /^0 rules .*; socket-group counts at the next start; audit-file counts at/ });
  t.same(named({}), []);
});

t.test('a user whose tap was used against others gets no network under a subordinate uid either', async (t) => {
  const folder = t.testdir();
  const kernel = new FakeKernel();
  kernel.addBridge('br0');
  const subordinates = [{ owner: 1000, first: 100_000, last: 100_009 }];
  const { broker } = brokerOn(kernel, { ...testConfig([bridgeNetwork()], [allowRule()]), subordinates }, folder);
  broker.suspensions.add(broker.accountOf(100_000));
  const request = { verb: 'open', network: name('lan'), form: 'tap', vnetHdr: false } as const;
  const open = (uid: number) => serveNow(broker, credentials(uid), request, undefined, () => ok());
  t.same([open(1000), open(100_000), open(100_009)], [undefined, undefined, undefined]);
  t.ok(open(100_010));
});
