/** Multiqueue taps and vhost-net, from a real broker. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import type { Request } from '../../src/protocol/request.js';
import { ask, dataOf, openRequest } from '../support/ask.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon, until } from '../support/daemon.js';
import { ipLink } from '../support/links.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';

inPrivateNamespace();
sh('ip link add br0 type bridge && ip link set br0 up');

const config = brokerConfig({ rule: { 'max-queues': 4, vhost: 'yes' } });
const wish = (change: object) => ({ ...openRequest(), ...change }) as Request;
const interfaceOf = (fd: OwnedFd) => /^iff:\s*(\S+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd.fd}`, 'utf8'))?.[1];

t.test('a descriptor for each queue of one tap', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { reply, fds } = await ask(daemon.socket, wish({ queues: 3 }));
  if (reply?.status !== 'ok') throw new Error(JSON.stringify(reply));
  t.match(Object.fromEntries(reply.fields), { queues: '3', vhost: 'no' });
  const ifname = reply.fields.get('ifname') as string;
  t.same(fds.map(interfaceOf), [ifname, ifname, ifname]);
  t.match(ipLink(ifname), {
    master: 'br0',
    linkinfo: { info_data: { multi_queue: true, numqueues: 3, vnet_hdr: true } },
  });
  const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));
  t.match(await ports(), [{ ifname, queues: 3, state: 'up' }]);
  await daemon.kill();
  await daemon.start();
  t.match(await ports(), [{ ifname, queues: 3 }], 'after a restart of the broker too');
  for (const fd of fds.slice(1)) fd.close();
  t.match(await ports(), [{ ifname }], 'one of them keeps it');
  fds[0]?.close();
  await until(async () => (await ports()).length === 0 && ipLink(ifname) === undefined);
  t.pass('and it goes with the last');
});

t.test('more than the rule gives', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { reply, fds } = await ask(daemon.socket, wish({ queues: 5 }));
  t.match(reply, { status: 'refused', message: /^you may have 4 queues/ });
  t.same(fds, []);
});

t.test('vhost: with the tap, or with what is missing', async (t) => {
  const daemon = new Daemon(t, config);
  await daemon.start();
  const { reply, fds } = await ask(daemon.socket, wish({ queues: 2, vhost: 'yes' }));
  for (const fd of fds) fd.close();
  if (existsSync('/dev/vhost-net')) {
    t.equal(fds.length, 4);
    t.match(reply, { status: 'ok' });
  } else {
    t.match(reply, { status: 'failed', message: /modprobe vhost_net$/ });
    t.same(fds, []);
  }
  const plain = new Daemon(t, brokerConfig());
  await plain.start();
  t.match((await ask(plain.socket, wish({ vhost: 'yes' }))).reply, {
    status: 'refused',
    message: /no rule gives you vhost/,
  });
});
