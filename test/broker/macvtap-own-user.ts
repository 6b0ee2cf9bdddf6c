/** macvtaps of a broker that is its own user with CAP_NET_ADMIN, who may open no node but those that udev gives it. */
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ask, dataOf, openRequest } from '../support/ask.js';
import { Daemon, until } from '../support/daemon.js';
import { addWire, macvtaps, skipWithoutMacvtap } from '../support/macvtap.js';
import { inPrivateNamespace, shJson } from '../support/namespace.js';
import { noNobody } from '../support/nobody.js';
import { compileTapHolder, TapHolder } from '../support/tap-holder.js';

inPrivateNamespace();
skipWithoutMacvtap();
addWire(t);
const nobody = 65_534;
const program = compileTapHolder(t);

const config =
  '[network lan]\ntype = macvtap\nparent = wire0\nmode = bridge\n' +
  '[rule all]\neffect = allow\nuser[] = *\nnetwork[] = lan\n';
const capabilities = '+net_admin,+net_raw';
const asNobody = [
  ...['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'],
  ...[`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`],
];

async function started(t: Test): Promise<Daemon> {
  const daemon = new Daemon(t, config);
  chownSync(join(daemon.folder, 'run'), nobody, nobody);
  await daemon.start([], asNobody);
  return daemon;
}

/** Does what conf/udev does, and as late, until the test ends. */
function pretendUdev(t: Test): void {
  const give = () => {
    for (const { ifindex } of shJson('ip -j link show group 1717854834') as { ifindex?: number }[]) {
      if (ifindex === undefined) continue;
      chownSync(`/dev/tap${ifindex}`, 0, nobody);
      chmodSync(`/dev/tap${ifindex}`, 0o660);
    }
  };
  const timer = setInterval(give, 100);
  t.teardown(() => clearInterval(timer));
}

t.test(
  'a node that is not given to the broker is refused with the remedy, after a while that delays nobody',
  async (t) => {
    const daemon = await started(t);
    const opening = ask(daemon.socket, openRequest());
    await until(() => macvtaps().length === 1);
    t.match(dataOf(await ask(daemon.socket, { verb: 'ports' })), [], 'others are served meanwhile');
    const { reply, fds } = await opening;
    t.match(reply, { status: 'failed', message: /open .dev.tap\d+: EACCES; .* install the udev rule/ });
    t.same(fds, []);
    t.same(macvtaps(), [], 'nothing is left');
  },
);

t.test(
  'a node that udev gives it is waited for; the link goes with its holder, also after a restart',
  { skip: noNobody },
  async (t) => {
    const daemon = await started(t);
    pretendUdev(t);
    for (const restarted of [false, true]) {
      const { reply, fds } = await ask(daemon.socket, openRequest());
      t.match(reply, { status: 'ok' });
      const [fd] = fds;
      if (fd === undefined) return;
      const holder = new TapHolder(t, program, fd);
      if (restarted) {
        await daemon.kill('SIGKILL');
        await daemon.start([], asNobody);
      }
      t.equal(macvtaps().length, 1);
      await holder.kill();
      await until(() => macvtaps().length === 0);
    }
  },
);
