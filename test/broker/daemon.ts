/** The broker's life: start, restart, reload, end. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ask, dataOf, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, program, until } from '../support/daemon.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();
sh('ip link add br0 type bridge && ip link set br0 up');

const config = brokerConfig({ rule: { 'max-ports': 3 } });

const ports = async (daemon: Daemon) => dataOf(await ask(daemon.socket, { verb: 'ports' }));

t.test('it confines itself, however it was started', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  await until(() => readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8').includes('--jitless'));
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
  t.equal(field('NoNewPrivs'), '1');
  t.match(field('CapPrm'), /^0000000000003000$/, 'CAP_NET_ADMIN and CAP_NET_RAW');
  t.equal(field('CapBnd'), '0000000000003000');
  t.equal(await daemon.kill(), 0);
  t.notOk(existsSync(daemon.socket), 'the socket is gone with it');
});

t.test('a second broker on the socket refuses to start, and says who has it', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const second = spawnSync(process.execPath, [program, '--config', daemon.config, '--socket', daemon.socket], {
    encoding: 'utf8',
  });
  t.equal(second.status, 1);
  t.match(second.stderr, new RegExp(`another fdbrokerd \\(process ${daemon.pid}\\) serves ${daemon.socket}`));
  t.equal((await ask(daemon.socket, { verb: 'status' })).reply?.status, 'ok', 'the first goes on');
});

t.test('kill -9: links stay, the ledger is right again, quotas hold', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const first = await ask(daemon.socket, openRequest());
  const second = await ask(daemon.socket, openRequest());
  const before = await ports(daemon);
  t.equal(before.length, 2);
  await daemon.kill('SIGKILL');
  t.ok(existsSync(daemon.socket), 'a stale socket is left');
  const links = shJson('ip -j link show master br0');
  t.equal(links.length, 2);
  t.ok(links.every((link: { flags: string[] }) => link.flags.includes('UP')));
  second.fds[0]?.close();
  await until(() => shJson('ip -j link show master br0').length === 1);

  await daemon.start();
  t.equal(statSync(daemon.socket).isSocket(), true);
  t.match(await ports(daemon), [
    before.find((row) => row['grant'] === (first.reply?.status === 'ok' && first.reply.fields.get('grant'))),
  ]);
  const more = [await ask(daemon.socket, openRequest()), await ask(daemon.socket, openRequest())];
  t.match(
    (await ask(daemon.socket, openRequest())).reply,
    { status: 'refused', message: /3/ },
    'the one from before counts',
  );
  for (const { fds } of [first, ...more]) for (const fd of fds) fd.close();
  await until(async () => (await ports(daemon)).length === 0);
});

t.test('a bridge that is down is said with the grant', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  for (const state of ['up', 'down', 'up']) {
    sh(`ip link set br0 ${state}`);
    const { reply, fds } = await ask(daemon.socket, openRequest());
    for (const fd of fds) fd.close();
    const caution = reply?.status === 'ok' ? reply.fields.get('caution') : 'none is granted';
    t.equal(caution, state === 'up' ? undefined : 'the bridge br0 is down; ip link set br0 up');
  }
});

t.test('SIGTERM ends it and leaves the links of running guests alone', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { fds } = await ask(daemon.socket, openRequest());
  t.equal(await daemon.kill('SIGTERM'), 0);
  t.equal(shJson('ip -j link show master br0').length, 1);
  fds[0]?.close();
  await until(() => shJson('ip -j link show master br0').length === 0);
});

t.test('a reload that is refused keeps the policy in force and says so', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  daemon.write(`${config}max-ports = 4\n`);
  const refused = await ask(daemon.socket, { verb: 'reload' });
  t.match(refused.reply, {
    status: 'failed',
    message: /has 1 error and is refused, the one before stays in force$/,
    data: /^\["[^"]*fdbroker.ini:9: /,
  });
  t.match(dataOf(await ask(daemon.socket, { verb: 'status' }))['config'], {
    state: 'refused',
    error: [/fdbroker.ini:9/],
  });
  const { reply, fds } = await ask(daemon.socket, openRequest());
  t.equal(reply?.status, 'ok', 'the policy before is in force');
  fds[0]?.close();

  daemon.write(config.replace('effect = allow', 'effect = deny').replace('max-ports = 3\n', ''));
  daemon.signal('SIGHUP');
  await until(async () => (await ask(daemon.socket, openRequest())).reply?.status === 'denied');
  t.match(dataOf(await ask(daemon.socket, { verb: 'status' }))['config'], { state: 'ok', error: null });
});

t.test('a configuration that is refused is no start, with every error', async (t) => {
  const daemon = new Daemon(t, '[network lan]\ntype = bridge\n[rule x]\neffect = perhaps\n');
  await t.rejects(daemon.start(), { message: /fdbroker.ini:1: .*\n.*fdbroker.ini:[34]: / });
  t.notOk(existsSync(daemon.socket));
  writeFileSync(daemon.config, config, { mode: 0o666 });
  sh(`chmod 0666 ${daemon.config}`);
  await t.rejects(daemon.start(), { message: /fdbroker.ini: .*writ/ });
});

t.test('a start that fails after the socket was bound takes it away', async (t) => {
  const daemon = new Daemon(t, brokerConfig({ broker: { 'audit-file': '/nonexistent/audit.log' } }));
  await t.rejects(daemon.start(), { message: /cannot open the audit file: .*\/nonexistent\/audit.log/ });
  t.notOk(existsSync(daemon.socket));
  t.notOk(existsSync(`${daemon.socket}.lock`));
});

const mdwe = `#include <sys/prctl.h>
#include <unistd.h>
int main(int count, char **words) {
    /* PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: Linux 6.3 */
    if (prctl(65, 1UL, 0UL, 0UL, 0UL) != 0) return 77;
    return count > 1 ? execv(words[1], words + 1) : 0;
}
`;

t.test('it runs where no memory may be both written and executed', async (t) => {
  const daemon = new Daemon(t, config);
  const wrapper = join(daemon.folder, 'mdwe');
  execFileSync('cc', ['-x', 'c', '-o', wrapper, '-'], { input: mdwe });
  if (spawnSync(wrapper).status === 77) {
    t.pass('memory protection', { skip: 'needs Linux 6.3 for PR_SET_MDWE' });
    return;
  }
  await daemon.start([], [wrapper], ['--jitless', '--no-expose-wasm', '--max-semi-space-size=1']);
  const { reply, fds } = await ask(daemon.socket, openRequest());
  t.equal(reply?.status, 'ok');
  fds[0]?.close();
});
