/** The commands that ask the broker, against a real one with real taps. */
import t from 'tap';
import { systemAccounts } from '../../src/kernel/accounts.js';
import { ask, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { fdbroker, fdbrokerProcess } from '../support/fdbroker.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { asNobody, noNobody } from '../support/nobody.js';

inPrivateNamespace();
sh('ip link add br0 type bridge && ip link set br0 up && ip address add 192.0.2.1/24 dev br0');
sh('echo 0 >/proc/sys/net/ipv4/conf/br0/forwarding; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding');

const config = brokerConfig({
  broker: { 'socket-mode': '0666' },
  networks: { lan: { isolated: 'yes' }, lost: { bridge: 'br-none' } },
  rule: { 'max-ports': 3 },
});

const daemon = new Daemon(t, config);
await daemon.start();
const env = { FDBROKER_SOCKET: daemon.socket };
const version = (await fdbrokerProcess(['--version'])).stdout.trim().replace('fdbroker ', '');

/** Takes a port; the test process holds it. */
async function open(): Promise<{ grant: string; close: () => void }> {
  const { reply, fds } = await ask(daemon.socket, openRequest());
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  return { grant: reply.fields.get('grant') as string, close: () => fds[0]?.close() };
}

t.test('networks', async (t) => {
  const one = await open();
  const { status, stdout, stderr } = await fdbrokerProcess(['networks'], env);
  one.close();
  t.equal(stderr, '');
  t.equal(status, 0);
  t.match(stdout, /^lan +bridge +br0 +1500 +- +tap +1 +no +1\/3 +host +isolated$/m);
  t.match(stdout, /^lost +bridge +br-none +- +- +tap +1 +no +1\/3 /m);
  t.match(stdout, /^lost: .*br-none/m);
  const json = JSON.parse((await fdbrokerProcess(['networks', '--json'], env)).stdout);
  t.match(json, [
    { name: 'lan', mtu: 1500, isolated: true, maxPorts: 3, problem: null },
    { name: 'lost', mtu: null, problem: /br-none/ },
  ]);
});

t.test('ports and release', async (t) => {
  const held = [await open(), await open()];
  const { status, stdout } = await fdbrokerProcess(['ports'], env);
  t.equal(status, 0);
  const user = systemAccounts.userName(process.geteuid?.() ?? 0);
  for (const { grant } of held) {
    t.match(
      stdout,
      new RegExp(`^${grant} +${user} +lan +tap +fdb${grant} +52:54:00:\\S+ +up +\\d+s +${process.pid} `, 'm'),
    );
  }
  const json = JSON.parse((await fdbrokerProcess(['ports', '--json'], env)).stdout);
  t.same(
    json.map(({ grant }: { grant: string }) => grant),
    held.map(({ grant }) => grant).sort(),
  );
  t.match(json[0], { user, uid: process.geteuid?.(), holder: process.pid, state: 'up', mtu: 1500 });

  const [first, second] = held.map(({ grant }) => grant);
  const released = await fdbrokerProcess(['release', `${first}`, 'ffffffff', `${second}`], env);
  t.equal(released.status, 1);
  t.equal(released.stdout, `released ${first}\nreleased ${second}\n`);
  t.match(released.stderr, /^fdbroker: ffffffff: you have no grant ffffffff/);
  t.same(shJson('ip -j link show master br0'), [], 'the interfaces are gone when it returns');
  t.match(await fdbrokerProcess(['ports'], env), { status: 0, stdout: '', stderr: /^fdbroker: no port/ });
  for (const one of held) one.close();
});

t.test('status, and a reload that is refused', async (t) => {
  const good = await fdbrokerProcess(['status'], env);
  t.equal(good.status, 0);
  t.match(good.stdout, new RegExp(`^broker +fdbrokerd ${version}, process ${daemon.pid}, up \\d+s, system mode\n`));
  t.match(good.stdout, /^configuration +2 networks, 1 rule, loaded \d{4}-/m);
  t.match(good.stdout, daemon.config);
  t.match(good.stdout, /^requests +\d+$/m);

  daemon.write(`${config}colour = blue\n`);
  const refused = await fdbrokerProcess(['reload'], env);
  t.equal(refused.status, 1);
  t.equal(refused.stdout, '');
  t.match(refused.stderr, /^fdbroker: the configuration has 1 error and is refused, .*\nfdbroker: .*ini:\d+: .*\n$/);
  const bad = await fdbrokerProcess(['status'], env);
  t.equal(bad.status, 1);
  t.match(bad.stdout, /^configuration +the last reload was refused; still in force: 2 networks, 1 rule/m);
  t.match(bad.stdout, /^ {2}\S+fdbroker\.ini:\d+: .*colour/m);
  t.match(JSON.parse((await fdbrokerProcess(['status', '--json'], env)).stdout), {
    config: { state: 'refused', error: [/colour/] },
  });

  daemon.write(config);
  const reloaded = await fdbrokerProcess(['reload'], env);
  t.same(reloaded, { status: 0, stdout: 'reloaded: 2 networks and 1 rule from 1 file\n', stderr: '' });
  t.equal((await fdbrokerProcess(['status'], env)).status, 0);
});

t.test('another user', { skip: noNobody }, async (t) => {
  const mine = await open();
  const theirs = async (...args: string[]) => {
    // Loads the command's module while it may be read
    await fdbroker([...args, '--help']);
    return asNobody(() => fdbroker(args, { env }));
  };
  t.match(await theirs('ports'), { status: 0, stdout: '', stderr: /no port/ });
  const status = await theirs('status', '--json');
  t.equal(status.status, 0);
  t.same(Object.keys(JSON.parse(status.stdout)), ['version', 'pid', 'since', 'config']);
  t.same(JSON.parse(status.stdout).config, { state: 'ok' });
  t.match(await theirs('release', mine.grant), { status: 1, stdout: '', stderr: /you have no grant/ });
  t.match(await theirs('reload'), { status: 1, stdout: '', stderr: /only root and the admin-group/ });
  t.match(await theirs('networks'), { status: 0, stdout: /^lan .* 0\/3 /m });
  t.equal(shJson('ip -j link show master br0').length, 1, 'the port of another is as it was');
  mine.close();
});

t.test('a broker that is stopped, and one that is gone', async (t) => {
  daemon.signal('SIGSTOP');
  const stopped = await fdbrokerProcess(['ports', '--timeout=0.3'], env);
  daemon.signal('SIGCONT');
  t.equal(stopped.status, 3);
  t.match(stopped.stderr, /has not answered for 0\.3 s; it is stopped or overloaded/);
  await until(async () => (await fdbrokerProcess(['ports'], env)).status === 0);
  await daemon.kill('SIGKILL');
  t.match(await fdbrokerProcess(['ports'], env), { status: 3, stderr: /nobody listens on/ });
});
