import path from 'node:path';
import t from 'tap';
import type { Explanation } from '../../src/acl/explain.js';
import { formatExplanation } from '../../src/cli/explain.js';
import { badConfig, configFolder, goodConfig } from '../support/config-files.js';
import { fdbroker } from '../support/fdbroker.js';
import { mac, name } from '../support/policy.js';

const folder = configFolder(t, { 'good.ini': goodConfig, 'bad.ini': badConfig });
const goodFile = path.join(folder, 'good.ini');
const badFile = path.join(folder, 'bad.ini');

t.test('allowed', async (t) => {
  const args = ['explain', '--network=lan', '--user=4000000000', `--config=${goodFile}`];
  const { status, stdout, stderr } = await fdbroker(args);
  t.equal(stderr, '');
  t.equal(status, 0);
  t.match(stdout, 'user       ? (uid 4000000000, in no group)\n');
  t.match(stdout, `by         ${goodFile}\nverdict    allowed\nbecause    [rule some] (${goodFile}:5) allows it\n`);
  t.match(stdout, 'limit      at most 4 ports');
  t.notMatch(stdout, '\u001b', 'no colours without a terminal');

  const json = JSON.parse((await fdbroker([...args, '--json', '--mac=52:54:00:AA:00:01'])).stdout);
  t.match(json, {
    verdict: 'allowed',
    rule: { name: 'some', file: goodFile, line: 5 },
    mac: '52:54:00:aa:00:01',
    matching: [{ name: 'some', effect: 'allow', because: ['uid 4000000000'] }],
    asked: { user: null, uid: 4_000_000_000, groups: [], network: 'lan', form: 'tap', mac: '52:54:00:aa:00:01' },
    file: goodFile,
  });
});

t.test('no', async (t) => {
  const at = `--config=${goodFile}`;
  const cases: [args: string[], verdict: string, words: RegExp][] = [
    [['--network=lan', '--user=4000000001'], 'denied', /\[rule not-them\] .*good\.ini:12\) denies it/],
    [
      ['--network=lan', '--user=4000000002'],
      'denied',
      /no rule .* allows it(.*\n)*to change .*add user\[\] = 4000000002/,
    ],
    [['--network=lab', '--user=0'], 'denied', /there is no such network/],
    [['--network=lan', '--user=0', '--form=dgram'], 'refused', /of type bridge, which offers tap and not dgram/],
    [['--network=lan', '--user=0', '--mac=02:00:00:00:00:01'], 'refused', /is outside 52:54:00:00:00:00\/24/],
  ];
  for (const [args, verdict, words] of cases) {
    const { status, stdout } = await fdbroker(['explain', at, ...args]);
    t.equal(status, 1);
    t.match(stdout, `\nverdict    ${verdict}\n`);
    t.match(stdout, words);
    t.match(JSON.parse((await fdbroker(['explain', '--json', at, ...args])).stdout), { verdict });
  }
});

t.test('who asks', async (t) => {
  const me = await fdbroker(['explain', '--network=lan', `--config=${goodFile}`, '--json']);
  t.match(JSON.parse(me.stdout), { asked: { uid: process.geteuid?.(), gid: process.getegid?.() } });
  const root = await fdbroker(['explain', '--network=lan', '--user=root', `--config=${goodFile}`, '--json']);
  t.equal(root.status, 0);
  t.match(JSON.parse(root.stdout), { asked: { user: 'root', uid: 0, gid: 0 } });
  for (const nobody of ['no-such-user\u001b', '4294967295', '99999999999']) {
    const { status, stdout, stderr } = await fdbroker(['explain', '--network=lan', `--user=${nobody}`]);
    t.equal(status, 2);
    t.equal(stdout, '');
    t.match(stderr, /^fdbroker: there is no user ".*" on this host/);
  }
});

t.test('what cannot be asked for', async (t) => {
  const cases: [args: string[], words: RegExp][] = [
    [['--network=a b'], /is not a network name/],
    [['--network=lan', '--mac=52:54'], /is not a MAC address/],
    [['--network=lan', '--mac=01:00:00:00:00:00'], /is a multicast/],
  ];
  for (const [args, words] of cases) {
    const { status, stderr } = await fdbroker(['explain', ...args]);
    t.equal(status, 2);
    t.match(stderr, words);
  }
});

t.test('a refused configuration', async (t) => {
  const { status, stdout, stderr } = await fdbroker(['explain', '--network=lan', '--user=0', `--config=${badFile}`]);
  t.equal(status, 1);
  t.equal(stdout, '');
  t.match(stderr, new RegExp(`^fdbroker: ${badFile}:3: `));
  t.equal(stderr.trimEnd().split('\n').length, 3);
});

t.test('as people see it', async (t) => {
  const question = {
    file: '/etc/fdbroker/fdbroker.ini',
    caller: { pid: 0, uid: 1000, gid: 100, groups: [36, 27], user: 'tom\u009b' },
    network: name('lan'),
    form: 'tap',
    mac: mac('52:54:00:00:00:01'),
  } as const;
  const denied: Explanation = {
    verdict: 'denied',
    why: '[rule x] (a.ini:3) denies it',
    rule: { name: 'x', file: 'a.ini', line: 3 },
    matching: [
      { name: 'x', file: 'a.ini', line: 3, effect: 'deny', because: ['anyone', 'uid 1000'] },
      { name: 'y', file: 'a.ini', line: 9, effect: 'allow', because: ['supplementary group 36'] },
    ],
    advice: ['one thing', 'or another'],
  };
  const expected = `\
user       tom\\x9b (uid 1000, gid 100(users), groups 36(kvm) 27)
asks for   network lan as tap with address 52:54:00:00:00:01
by         /etc/fdbroker/fdbroker.ini
verdict    denied
because    [rule x] (a.ini:3) denies it
rules      deny [rule x] (a.ini:3) matches anyone, uid 1000
           allow [rule y] (a.ini:9) matches supplementary group 36
to change  one thing
           or another
`;
  const groupName = (gid: number) =>
    new Map([
      [36, 'kvm'],
      [100, 'users'],
    ]).get(gid);
  t.equal(formatExplanation(question, denied, false, groupName), expected);
  t.match(formatExplanation(question, denied, true, groupName), 'verdict    \u001b[31mdenied\u001b[39m\n');
  const allowed: Explanation = { verdict: 'allowed', why: 'so', matching: [], advice: ['at most 4 ports'] };
  t.match(
    formatExplanation(question, allowed, true, groupName),
    'verdict    \u001b[32mallowed\u001b[39m\nbecause    so\nlimit      at most',
  );
});

t.test('without a form it is the one that the network offers first', async (t) => {
  const udp = '[network far]\ntype = udp\nlocal = 127.0.0.1:7001\nremote = 127.0.0.1:7002\n';
  const own = configFolder(t, { 'udp.ini': `${udp}[rule all]\neffect = allow\nuser[] = *\nnetwork[] = far\n` });
  const asked = async (network: string) =>
    JSON.parse((await fdbroker(['explain', `--network=${network}`, `--config=${own}/udp.ini`, '--json'])).stdout);
  t.match(await asked('far'), { verdict: 'allowed', asked: { form: 'dgram' } });
  t.match(await asked('nowhere'), { verdict: 'denied', asked: { form: 'tap' } });
});

t.test('whether its frames may be captured', async (t) => {
  const lab = '[network lab]\ntype = multicast\ngroup = 239.1.2.3\nport = 5000\ninterface = eth0\n';
  const rule = (named: string, more: string) => `[rule ${named}]\neffect = allow\nnetwork[] = lab\n${more}user[] = `;
  const text = `${lab}${rule('seeing', 'capture = yes\n')}4000000000\n${rule('all', '')}*\n`;
  const file = path.join(configFolder(t, { 'lab.ini': text }), 'lab.ini');
  const asked = async (uid: string, ...more: string[]) =>
    (await fdbroker(['explain', '--network=lab', `--user=${uid}`, `--config=${file}`, ...more])).stdout;
  t.match(await asked('4000000000'), `\ncapture    [rule seeing] (${file}:6) allows it\n`);
  t.match(await asked('4000000001'), /\ncapture {4}no rule .* has capture = yes\n/);
  t.match(JSON.parse(await asked('4000000000', '--json')), { capture: { name: 'seeing', file, line: 6 } });
  t.match(JSON.parse(await asked('4000000001', '--json')), { capture: null });
});

t.test('whether the host is on the network', async (t) => {
  const section = (network: string, host: string) => `[network ${network}]\ntype = packet\ninterface = eth0\n${host}\n`;
  const rule = '[rule all]\neffect = allow\nuser[] = 4000000000\nnetwork[] = with\nnetwork[] = without\n';
  const folder = configFolder(t, { 'host.ini': section('with', 'host = tap lab0') + section('without', '') + rule });
  const asked = async (network: string, user: string, ...more: string[]) =>
    (
      await fdbroker([
        ...['explain', `--network=${network}`, `--user=${user}`, `--config=${path.join(folder, 'host.ini')}`],
        ...more,
      ])
    ).stdout;
  t.match(await asked('with', '4000000000'), /\nhost {7}is on it by tap lab0: guests reach what it lets them there\n/);
  t.notMatch(await asked('without', '4000000000'), /\nhost /);
  t.notMatch(await asked('with', '4000000001'), /lab0/);
  t.match(JSON.parse(await asked('with', '4000000000', '--json')), { host: 'tap lab0' });
  t.match(JSON.parse(await asked('without', '4000000000', '--json')), { host: null });
});
