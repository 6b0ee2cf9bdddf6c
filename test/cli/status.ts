import t from 'tap';
import { formatStatus } from '../../src/cli/status.js';
import { formatTime } from '../../src/cli/time.js';
import type { StatusListing } from '../../src/protocol/listing.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

t.test('as people see it', async (t) => {
  const full: StatusListing = {
    version: '0.1.0',
    pid: 321,
    since: 1_000_000,
    mode: 'system',
    config: { state: 'ok', files: ['/etc/fdbroker/fdbroker.ini'], loaded: 1_000_000, error: null },
    ports: 12,
    connections: 1,
    networks: 2,
    rules: 1,
    counters: { requests: 40, auditLost: 0 },
  };
  const loaded = formatTime(1_000_000);
  t.equal(
    formatStatus(full, '/run/fdbroker/control', 1_000_090, false),
    `\
broker         fdbrokerd 0.1.0, process 321, up 1m, system mode
socket         /run/fdbroker/control
configuration  2 networks, 1 rule, loaded ${loaded}
               /etc/fdbroker/fdbroker.ini
ports          12
connections    1
requests       40
auditLost      0
`,
  );
  const refused: StatusListing = {
    ...full,
    config: { ...full.config, state: 'refused', error: ['a.ini:3: no\u001b'] },
  };
  const shown = formatStatus(refused, '/x', 1_000_090, false);
  t.match(shown, `configuration  the last reload was refused; still in force: 2 networks, 1 rule, loaded ${loaded}\n`);
  t.ok(shown.endsWith('  a.ini:3: no\\x1b\n'), 'its errors come last');
  t.match(formatStatus(refused, '/x', 1_000_090, true), '\u001b[31mthe last reload was refused');
  t.equal(
    formatStatus(
      { version: '0.1.0', pid: 321, since: 1_000_000, config: { state: 'refused' } },
      '/x',
      1_000_000,
      false,
    ),
    `\
broker         fdbrokerd 0.1.0, process 321, up 0s
socket         /x
configuration  the last reload was refused; the one before stays in force
`,
    'an ordinary user sees the summary',
  );
});

t.test('a reload that was refused shows in the exit status of status', async (t) => {
  const summary = { version: '9', pid: 1, since: 0, config: { state: 'refused' } };
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(summary) })).start();
  const { status, stdout } = await fdbroker(['status'], { env: { FDBROKER_SOCKET: server.path } });
  t.equal(status, 1);
  t.match(stdout, 'configuration  the last reload was refused');
});
