/** Networks whose host's ends are there before their uplinks can be: those that come to share a socket share a thread. */
import t from 'tap';
import { readSwitch, type SwitchReport } from '../../src/client/inspect.js';
import { brokerConfig } from '../support/broker-config.js';
import { Daemon } from '../support/daemon.js';
import { keepersAt } from '../support/keeper-process.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { switchPids } from '../support/switch-pids.js';
import { SwitchProcess } from '../support/switch-process.js';
import { until } from '../support/until.js';

inPrivateNamespace();
sh('ip link add here type veth peer name there; ip link set here addrgenmode none up; ip link set there up');

const qdes = { type: 'qdes', interface: 'here', group: '239.1.2.9' };
const networks = { one: { ...qdes, id: 1, host: 'tap lab1' }, other: { ...qdes, id: 2, host: 'tap lab2' } };
t.teardown(() => {
  for (const pid of [...switchPids(daemon.socket), ...keepersAt(`${daemon.socket}.keeper`)])
    process.kill(pid, 'SIGKILL');
});
const daemon = new Daemon(t, brokerConfig({ networks }));

const report = async () => (await readSwitch(daemon.socket))._unsafeUnwrap() as SwitchReport;

t.test('an address that comes late', async (t) => {
  new SwitchProcess(t, [], ['--threads', '2'], `${daemon.socket}.switch`);
  await daemon.start();
  await until(async () => (await report()).ports.length === 2);
  t.equal((await report()).switch?.mostThreads, 2);
  t.equal(new Set((await report()).networks.map(({ thread }) => thread)).size, 1);
  sh('ip address add 192.0.2.1/24 dev here');
  await until(async () => (await report()).ports.filter(({ uplink }) => uplink).length === 2);
  t.same((await report()).lost, []);
});
