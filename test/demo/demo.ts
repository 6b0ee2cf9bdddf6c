/** `make demo`: three real guests get their network through a broker, told step by step. */
import { readFileSync } from 'node:fs';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import type { Guest } from '../support/guest.js';
import { alice, Host, makeBridge, missingGuests, missingUsers } from '../support/host.js';
import { enterPrivateNamespace } from '../support/namespace.js';
import { inProject } from '../support/project.js';
import { command, output, say, step } from './narrate.js';

const config = `[broker]
socket-mode = 0666

[network lan]
type = bridge
bridge = br0

[network secret]
type = bridge
bridge = br0

[rule everybody]
effect = allow
user[] = *
network[] = lan
max-ports = 3
max-queues = 2
`;

const missing = missingGuests() ?? enterPrivateNamespace();
if (missing !== undefined) {
  process.stderr.write(`The demo cannot run: ${missing}\n`);
  process.exit(1);
}
const started = performance.now();
const cleanups: (() => unknown)[] = [];
let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
  void cleanUp().then(() => process.exit(130));
});
try {
  await show();
} catch (error) {
  if (!interrupted) throw error;
} finally {
  await cleanUp();
}
say(`Nothing is left of all this. It took ${Math.round((performance.now() - started) / 1000)} seconds.`);

async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

async function show(): Promise<void> {
  step('A host of its own: a network namespace with the bridge br0, which has the address 10.0.0.1');
  makeBridge();

  step('A broker, fdbrokerd, with this configuration');
  const host = await Host.start({ teardown: (cleanup) => cleanups.push(cleanup) }, config);
  output(config);

  const other = missingUsers() === undefined;
  const user = other ? alice : { uid: 0, gid: 0 };
  step('Two guests: QEMU with the Debian kernel. Each asks the broker for a network by fdbroker-helper');
  command('$', 'qemu-system-x86_64 … -netdev tap,id=net0,helper=fdbroker-helper,br=lan');
  const [one, two] = await Promise.all([host.guest(), host.guest({ user })]);
  await one.configure('10.0.0.2/24');
  await two.configure('10.0.0.3/24');
  say(`guest 1 is process ${one.pid}, run ${other ? 'by root' : 'by you'}`);
  say(`guest 2 is process ${two.pid}, run by ${other ? `user ${user.uid}` : 'you'} without any capability:`);
  output(capabilities(two));
  if (!other)
    say('(You are not root: in here root is you, and there is nobody else. Run as root, guest 2 is another user’s.)');

  step('They reach each other');
  await run(two, 2, 'ping -c 3 10.0.0.2');

  step('A third guest has two queues, which a helper cannot carry: fdbroker exec starts it with its descriptors');
  const netdev = ['-netdev', 'fdbroker,id=net0,network=lan,queues=2'];
  const device = ['-device', 'virtio-net-pci,netdev=net0,romfile='];
  command('$', `fdbroker exec -- qemu-system-x86_64 … ${[...netdev, ...device].join(' ')}`);
  const launcher = [process.execPath, inProject('build/src/bin/fdbroker.js'), 'exec', '--'];
  const three = await host.guest({ nics: [], launcher, extra: ['-smp', '2', ...netdev, ...device] });
  await three.configure('10.0.0.4/24');
  await run(three, 3, 'ls /sys/class/net/eth0/queues');
  await run(three, 3, 'ping -c 1 10.0.0.2');

  step('The broker wrote down who got what, and by which rule');
  output(host.daemon.stderr);

  step('What is handed out now');
  command('$', 'fdbroker ports');
  output((await fdbrokerProcess(['ports'], { FDBROKER_SOCKET: host.daemon.socket })).stdout);

  step('A guest that asks for a network no rule allows does not start, and its user reads why');
  command('$', 'qemu-system-x86_64 … -netdev tap,id=net0,helper=fdbroker-helper,br=secret');
  output(await host.refusal({ user, nics: [{ netdev: host.netdev('secret') }] }));

  step('The broker is killed (kill -9) and started again: guests keep their network, and it knows them again');
  await host.daemon.kill('SIGKILL');
  await run(two, 2, 'ping -c 2 10.0.0.2');
  await host.startBroker();
  output((await fdbrokerProcess(['ports'], { FDBROKER_SOCKET: host.daemon.socket })).stdout);

  step('The guests end, and their ports with them');
  await Promise.all([one.quit(), two.kill(), three.quit()]);
  await until(async () => (await host.ports()).length === 0);
  output(
    host.daemon
      .audited()
      .slice(-3)
      .map((line) => JSON.stringify(line))
      .join('\n'),
  );
}

async function run(guest: Guest, number: number, line: string): Promise<void> {
  command(`guest ${number} #`, line);
  output(await guest.must(line));
}

/** From proc(5), /proc/PID/status. */
function capabilities(guest: Guest): string {
  const status = readFileSync(`/proc/${guest.pid}/status`, 'utf8');
  return status
    .split('\n')
    .filter((line) => /^(Uid|CapEff|CapBnd|NoNewPrivs):/.test(line))
    .join('\n');
}
