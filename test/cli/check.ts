import { chmodSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { systemAccounts } from '../../src/kernel/accounts.js';
import { badConfig, configFolder, goodConfig } from '../support/config-files.js';
import { fdbroker } from '../support/fdbroker.js';

const files = { 'good.ini': goodConfig, 'bad.ini': badConfig, 'home/fdbroker/fdbroker.ini': goodConfig };
const folder = configFolder(t, files);
const goodFile = path.join(folder, 'good.ini');
const badFile = path.join(folder, 'bad.ini');
const ownFile = path.join(folder, 'home/fdbroker/fdbroker.ini');

t.test('a good file', async (t) => {
  t.same(await fdbroker(['check', goodFile]), {
    status: 0,
    stdout: `${goodFile}: ok: 1 network, 2 rules, 1 file\n`,
    stderr: '',
  });
  const { status, stdout } = await fdbroker(['check', goodFile, '--json']);
  t.equal(status, 0);
  t.same(JSON.parse(stdout), {
    ok: true,
    file: goodFile,
    files: [goodFile],
    networks: 1,
    rules: 2,
    errors: [],
    warnings: [],
  });
});

t.test('every error with its place', async (t) => {
  const { status, stdout, stderr } = await fdbroker(['check', badFile]);
  t.equal(status, 1);
  t.equal(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  t.match(lines, [`${badFile}:3: `, `${badFile}:6: `, `${badFile}:8: `]);
  t.equal(lines.length, 3);
  const json = await fdbroker(['check', badFile, '--json']);
  t.equal(json.status, 1);
  const parsed = JSON.parse(json.stdout);
  t.match(parsed, { ok: false, file: badFile, files: null, networks: null, rules: null });
  t.same(
    parsed.errors.map(
      (error: { file: string; line: number; what: string }) => `${error.file}:${error.line}: ${error.what}`,
    ),
    lines,
  );
});

t.test('the file that is meant when none is named', async (t) => {
  const { status, stdout } = await fdbroker(['check', '--user-mode'], {
    env: { XDG_CONFIG_HOME: path.join(folder, 'home') },
  });
  t.equal(status, 0);
  t.match(stdout, `${ownFile}: ok`);
  const none = await fdbroker(['check', path.join(folder, 'none.ini')]);
  t.equal(none.status, 1);
  t.match(none.stdout, /none\.ini: there is no such file; write it, .* or name another file\n$/);
  t.notMatch(none.stdout, '--config', 'which this command does not take');
});

t.test('names are shown, not obeyed', async (t) => {
  const { stdout } = await fdbroker(['check', `${folder}/\u001b[31m.ini`]);
  t.match(stdout, '/\\x1b[31m.ini: there is no such file');
});

const notRoot = process.geteuid?.() === 0 ? false : 'needs root, whose files the broker takes: run as root';

t.test('warnings: the broker could not read it, networks of one bridge differ', { skip: notRoot }, async (t) => {
  const second = '[network guests]\ntype = bridge\nbridge = br0\nisolated = yes\n';
  const file = path.join(configFolder(t, { 'fdbroker.ini': goodConfig + second }), 'fdbroker.ini');
  chmodSync(file, 0o600);
  const accounts = async () => ({
    ...systemAccounts,
    userId: (name: string) => (name === 'fdbroker' ? 4_000_000_000 : undefined),
    groupsOf: () => ({ gid: 4_000_000_000, groups: [] }),
  });
  const root = { uid: 0, accounts };
  const { status, stdout } = await fdbroker(['check', file], root);
  t.equal(status, 0);
  const [unreadable, differing, summary] = stdout.split('\n');
  t.equal(unreadable, `${file}: warning: the broker's user, fdbroker, may not read it (mode 0600): chmod 0644 ${file}`);
  t.match(differing, new RegExp(`^${file}:16: warning: shares bridge br0 with \\[network lan\\].* isolated = yes`));
  t.equal(summary, `${file}: ok: 2 networks, 2 rules, 1 file`);
  t.match(JSON.parse((await fdbroker(['check', file, '--json'], root)).stdout), {
    ok: true,
    warnings: [
      { file, line: 0, what: /may not read it/ },
      { file, line: 16 },
    ],
  });
  chmodSync(file, 0o600);
  t.match(
    (await fdbroker(['check', file], { uid: 4_000_000_001, accounts })).stdout,
    /^[^\n]*:16: warning[^\n]*\n[^\n]*: ok: /,
    'not as root',
  );
});

t.test('ports of several networks', async (t) => {
  const section = (called: string, type: string, more: string) =>
    `[network ${called}]\ntype = ${type}\ninterface = eth0\ngroup = 239.1.2.3\nport = 500\n${more}`;
  const text = section('frames', 'multicast', '') + section('hosts', 'qdes', 'id = 7\n');
  const file = path.join(configFolder(t, { 'ports.ini': text }), 'ports.ini');
  const { status, stdout } = await fdbroker(['check', file]);
  t.equal(status, 0);
  t.match(stdout, `${file}:6: warning: has port 500 of [network frames], of type multicast: `);
});
