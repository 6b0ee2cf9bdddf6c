/** `fdbroker attach` and `detach` on a guest that runs, and the steps they take at its monitor. */
import { open } from '../../src/client/open.js';
import { plug, unplug } from '../../src/qemu/plug.js';
import { type Monitor, Qmp } from '../../src/qemu/qmp.js';
import { Guest } from '../support/guest.js';
import { missingGuests } from '../support/host.js';
import { BrokerProcess } from './broker-process.js';
import { built, runAside } from './commands.js';
import type { Results } from './results.js';
import { median } from './statistics.js';

const rounds = 10;
/** Seconds. A guest lets go of a device when it gets to it. */
const patience = 60;
const id = 'bench0';
const driver = 'virtio-net-pci';

/** Milliseconds of each step, in the order in which they were first taken. */
class Steps {
  readonly all = new Map<string, number[]>();

  async time<T>(name: string, step: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const done = await step();
    this.all.set(name, [...(this.all.get(name) ?? []), performance.now() - began]);
    return done;
  }

  /** A monitor each of whose commands is a step. */
  watch(monitor: Monitor, when: string): Monitor {
    return {
      execute: (command, options, fd) =>
        this.time(`  ${when}: ${command}`, () => monitor.execute(command, options, fd)),
      event: (fits, until) => this.time(`  ${when}: the guest lets go`, () => monitor.event(fits, until)),
    };
  }
}

/** What attach and detach do, in this process. */
async function takeSteps(steps: Steps, path: string, socket: string): Promise<void> {
  {
    const connect = () => Qmp.connect(path, patience);
    using monitor = (await steps.time('  attach: connect to the monitor', connect))._unsafeUnwrap();
    const ask = () => open({ network: 'br0', form: 'tap', socket, holder: monitor.fd });
    using grant = (await steps.time('  attach: the request', ask))._unsafeUnwrap();
    const source = { ...grant, fds: grant.fds.map(({ fd }) => fd), vhostFds: [] };
    (await plug(steps.watch(monitor, 'attach'), { id, driver }, source))._unsafeUnwrap();
  }
  using monitor = (await Qmp.connect(path, patience))._unsafeUnwrap();
  (await unplug(steps.watch(monitor, 'detach'), id, patience))._unsafeUnwrap();
}

export async function measureHotPlug(results: Results, folder: string): Promise<void> {
  results.section(`Attaching to a guest that runs, and detaching (${rounds} times, medians)`);
  const missing = missingGuests();
  if (missing !== undefined) {
    results.note(missing);
    return;
  }
  await using broker = await BrokerProcess.start(folder, 100);
  const path = `${folder}/qmp`;
  await using _guest = await Guest.start({ extra: ['-qmp', `unix:${path},server=on,wait=off`] });
  const env = { ...process.env, FDBROKER_SOCKET: broker.socket };
  const command = (...args: string[]) => runAside(built('fdbroker'), args, env);
  const steps = new Steps();
  for (let round = 0; round < rounds; round++) {
    const attach = ['attach', path, '--network=br0', `--id=${id}`, `--device=${driver}`];
    await steps.time('fdbroker attach', () => command(...attach));
    await steps.time('fdbroker detach', () => command('detach', path, `--id=${id}`, `--timeout=${patience}`));
    await takeSteps(steps, path, broker.socket);
  }
  for (const [name, times] of steps.all) results.add(name, median(times), 'ms');
}
