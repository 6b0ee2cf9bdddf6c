/** Taps made ahead of need, by a real broker: they are its own, and end with it. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ask, dataOf, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { grantedTaps } from '../support/granted-taps.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';

inPrivateNamespace();
sh('ip link add br0 type bridge && ip link set br0 up');

const taps = (): string[] => shJson('ip -j link show type tun').map(({ ifname }: { ifname: string }) => ifname);
const request = openRequest();

async function spares(daemon: Daemon): Promise<number> {
  const { counters } = dataOf(await ask(daemon.socket, { verb: 'status' })) as unknown as {
    counters: { spareTaps: number };
  };
  return counters.spareTaps;
}

t.test('none until the first request, then some, and none after the broker', async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const daemon = new Daemon(t, brokerConfig());
    await daemon.start();
    t.equal(await spares(daemon), 0);
    t.same(taps(), []);
    const first = await ask(daemon.socket, request);
    await until(async () => (await spares(daemon)) === 4);
    const ready = taps();
    const second = await ask(daemon.socket, request);
    const { reply } = second;
    const ifname = reply?.status === 'ok' ? (reply.fields.get('ifname') ?? '') : '';
    t.ok(ready.includes(ifname), 'it was ready before it was asked for');
    t.same(grantedTaps().length, 2);
    t.equal(dataOf(await ask(daemon.socket, { verb: 'ports' })).length, 2, 'spares are no ports of anybody');
    t.equal(shJson('ip -j link show master br0').length, 2);
    t.notMatch(readFileSync('/proc/self/net/if_inet6', 'utf8'), /fdb/, 'the host has no address on any of them');
    await daemon.kill(signal);
    await until(() => taps().length === 2);
    t.same(taps(), grantedTaps(), 'guests keep theirs');
    for (const { fds } of [first, second]) for (const fd of fds) fd.close();
    await until(() => taps().length === 0);
  }
});

t.test('a reload can turn them off and on', async (t) => {
  const daemon = new Daemon(t, brokerConfig());
  await daemon.start();
  const serve = async () => {
    const { reply, fds } = await ask(daemon.socket, request);
    t.equal(reply?.status, 'ok');
    for (const fd of fds) fd.close();
  };
  await serve();
  await until(() => taps().length > 0);
  daemon.write(brokerConfig({ broker: { 'spare-taps': 0 } }));
  t.equal((await ask(daemon.socket, { verb: 'reload' })).reply?.status, 'ok');
  await until(() => taps().length === 0);
  await serve();
  await until(() => grantedTaps().length === 0);
  t.same([await spares(daemon), taps()], [0, []]);
  daemon.write(brokerConfig({ broker: { 'spare-taps': 2 } }));
  await ask(daemon.socket, { verb: 'reload' });
  await serve();
  await until(async () => (await spares(daemon)) === 2);
});
