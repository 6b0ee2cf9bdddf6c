/** `fdbroker doctor` on this host: with a real broker and its bridges, without one, and as another user. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Finding, fine, hint, problem } from '../../src/cli/doctor/finding.js';
import { formatFindings } from '../../src/cli/doctor.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon } from '../support/daemon.js';
import { fdbroker, fdbrokerProcess, program } from '../support/fdbroker.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { asNobody, noNobody } from '../support/nobody.js';

inPrivateNamespace();
sh('ip link add br0 address 02:00:00:00:00:01 type bridge && ip link set br0 up');
sh('ip link add eth9 type veth peer far9 && ip link set eth9 master br0 up && ip link set far9 up');
sh('ip link add eth8 type veth peer far8 && ip link set far8 up');

const networks = {
  ...{ lan: {}, lost: { bridge: 'br-none' }, down: { bridge: 'br1' } },
  ...{ taken: { type: 'macvtap', parent: 'eth9', mode: 'vepa' } },
  ...{ off: { type: 'macvtap', parent: 'eth8', mode: 'vepa' } },
};
const daemon = new Daemon(t, brokerConfig({ broker: { 'socket-mode': '0666' }, networks }));

interface Report {
  readonly status: number;
  readonly ok: boolean;
  readonly problems: number;
  readonly hints: number;
  readonly findings: readonly Finding[];
}

async function doctor(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Report> {
  const { status, stdout, stderr } = await fdbrokerProcess(['doctor', '--json', ...args], env);
  if (stderr !== '') throw new Error(stderr);
  return { ...JSON.parse(stdout), status };
}

const wrong = ({ findings }: Report, check: string) =>
  findings.filter((one) => one.check === check && one.level === 'problem');

t.test('without a broker', async (t) => {
  const env = { FDBROKER_SOCKET: join(daemon.folder, 'run/none') };
  const report = await doctor(env);
  t.match(report, { status: 1, ok: false });
  t.match(report.findings[0], { level: 'problem', check: 'socket', what: /^no broker runs: / });
  t.equal(report.problems, report.findings.filter(({ level }) => level === 'problem').length);
  t.equal(report.hints, report.findings.filter(({ level }) => level === 'hint').length);
  t.match(
    report.findings.find(({ check }) => check === 'helper'),
    { level: 'ok', what: /fdbroker-helper/ },
  );
  const checks = ['device', 'module', 'user-namespace', 'network-manager', 'helper', 'qemu'];
  for (const check of checks)
    t.ok(
      report.findings.some((one) => one.check === check),
      check,
    );
});

t.test('a broker, a good bridge and bad ones', async (t) => {
  sh('ip link add br1 type bridge');
  await daemon.start();
  const env = { FDBROKER_SOCKET: daemon.socket };
  const before = shJson('ip -j -d link show');
  const report = await doctor(env);
  t.match(report, { status: 1, ok: false });
  t.match(report.findings[0], { level: 'ok', check: 'socket', what: /^fdbrokerd \S+ answers at .*, mode 0666\)$/ });
  t.match(report.findings[1], { level: 'ok', check: 'configuration', what: `${daemon.config}: 5 networks, 1 rule` });
  const bridges = report.findings.filter(({ check }) => check === 'bridge');
  t.match(
    bridges.find(({ what }) => what.startsWith('br0 is up')),
    { level: 'ok', what: /MTU 1500 and \d+ port/ },
  );
  t.notOk(
    bridges.some(({ level, what }) => level !== 'ok' && what.startsWith('br0 ')),
    'nothing is wrong with br0',
  );
  t.match(wrong(report, 'bridge'), [
    { what: 'br1 is down' },
    { what: /^there is no interface br-none, which lost is on$/ },
  ]);
  t.same(wrong(report, 'network'), [], 'each is said once');

  t.match(wrong(report, 'parent'), [
    { what: 'eth8 is down, and off is on it' },
    { what: /^eth9 is a part of br0, .*, and taken is on it$/, mend: /^type = bridge and bridge = br0 / },
  ]);
  sh((wrong(report, 'parent')[0]?.mend ?? 'false').replaceAll('sudo ', ''));
  for (const { mend } of wrong(report, 'bridge')) sh((mend ?? 'false').replaceAll('sudo ', ''));
  const after = await doctor(env);
  t.same(wrong(after, 'bridge'), [], 'the lines mend it');
  t.equal(wrong(after, 'parent').length, 1, 'and a parent that was down');
  t.equal(after.status, after.problems === 0 ? 0 : 1);
  t.same(after.ok, after.problems === 0);
  sh('ip link del br-none; ip link set br1 down');
  t.equal(shJson('ip -j -d link show').length, before.length, 'it made nothing');
  const text = await fdbrokerProcess(['doctor'], env);
  t.match(text.stdout, /^problem {2}bridge +br1 is down\n +mend: (sudo )?ip link set br1 up\n/m);
  t.match(text.stdout, /\d+ problems?, \d+ hints?\n$/);
});

/** Runs what follows where /sys shows this network namespace. */
const withSys = ['-m', 'sh', '-ec', 'mount -t sysfs sysfs /sys; exec "$@"', 'sh'];
const noSys = spawnSync('unshare', [...withSys, 'true']).status === 0 ? false : 'needs root, to mount /sys';

t.test("a bridge's own address", { skip: noSys }, async (t) => {
  const env = { ...process.env, FDBROKER_SOCKET: daemon.socket };
  const found = () => {
    const command = [...withSys, process.execPath, program, 'doctor', '--json'];
    const { findings } = JSON.parse(spawnSync('unshare', command, { env, encoding: 'utf8' }).stdout) as Report;
    return findings.filter(({ what }) => /has no address of its own/.test(what)).map(({ mend }) => mend ?? '');
  };
  sh('ip link set br1 up');
  const [line, ...others] = found();
  t.match(line, /ip link set br1 address \S+$/, 'br0 was given one');
  t.same(others, []);
  sh((line ?? 'false').replace('sudo ', ''));
  t.same(found(), [], 'the line mends it');
  sh('ip link set br1 down');
});

t.test('as another user', { skip: noNobody }, async (t) => {
  await fdbroker(['doctor', '--help']);
  const env = { FDBROKER_SOCKET: daemon.socket, PATH: process.env['PATH'] };
  const theirs = async () => {
    const { stdout, stderr } = await asNobody(() => fdbroker(['doctor', '--json'], { env, uid: 65_534, gid: 65_534 }));
    t.equal(stderr, '');
    return JSON.parse(stdout) as Report;
  };
  const report = await theirs();
  t.match(report.findings[0], { level: 'ok', check: 'socket' });
  t.ok(report.findings.some(({ what }) => what === 'lan: you may use it'));
  t.match(wrong(report, 'bridge'), [{ mend: 'sudo ip link set br1 up' }, { mend: /^sudo ip link add br-none/ }]);
  chmodSync(daemon.socket, 0o600);
  t.match((await theirs()).findings[0], { level: 'problem', what: /is open to root alone \(mode 0600\)/ });
  chmodSync(daemon.socket, 0o666);
});

t.test('another QEMU', async (t) => {
  const other = join(daemon.folder, 'no qemu');
  copyFileSync('/bin/true', other);
  const report = await doctor({ FDBROKER_SOCKET: daemon.socket }, '--qemu', other);
  const line = `'${other}' -netdev help`;
  t.match(
    report.findings.find(({ check }) => check === 'qemu'),
    { level: 'hint', mend: line },
  );
});

t.test('the text', async (t) => {
  const findings = [fine('a', 'it\u001b[2J is'), hint('bc', 'odd', 'do it'), problem('a', 'bad', null)];
  t.equal(
    formatFindings(findings, false),
    [
      'ok       a   it\\x1b[2J is',
      'hint     bc  odd',
      '             mend: do it',
      'problem  a   bad',
      '1 problem, 1 hint',
      '',
    ].join('\n'),
  );
  const coloured = formatFindings(findings, true);
  t.match(coloured, '\u001b[32mok\u001b[39m       a   it', 'colours count for no width');
  t.match(coloured, '\u001b[33mhint\u001b[39m     bc');
  t.match(coloured, '\u001b[31mproblem\u001b[39m  a ');
});
