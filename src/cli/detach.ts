/** `fdbroker detach QMP_SOCKET --id ID`: takes away what `attach` gave. */
import { describeClientError } from '../client/error.js';
import { listPorts, releaseGrant } from '../client/verbs.js';
import { parseGrantId } from '../core/names.js';
import { unplug } from '../qemu/plug.js';
import { Qmp } from '../qemu/qmp.js';
import { type Target, targetOf } from './ask-broker.js';
import { reportMonitor } from './attach.js';
import { UsageError } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { readWords } from './words.js';
import { complain, type World } from './world.js';

export const usage = `fdbroker detach QMP_SOCKET --id ID [options]

Takes the device and the netdev of that id from a guest that runs, and ends the grant.

Options:
  --id ID            As it was attached
  --socket PATH      The broker's control socket
  --timeout SECONDS  How long to wait for the guest, QEMU and the broker [default: 10]
  -h, --help         Show this
`;

export async function run(words: readonly string[], world: World): Promise<ExitStatus> {
  const given = readWords(words, { values: ['id', 'socket', 'timeout'], operands: ['QMP_SOCKET'] });
  const id = given.one('id');
  if (id === undefined) throw new UsageError('--id is missing');
  const target = targetOf({ socket: given.one('socket'), timeout: given.one('timeout') }, world);
  const connected = await Qmp.connect(given.operands[0] ?? '', target.options.timeout);
  if (connected.isErr()) return reportMonitor(connected.error, world);
  using monitor = connected.value;
  const unplugged = await unplug(monitor, id, target.options.timeout);
  if (unplugged.isErr()) return reportMonitor(unplugged.error, world);
  const { mac } = unplugged.value;
  if (mac !== undefined && monitor.peer !== undefined) await releaseSocket(monitor.peer.pid, mac, target, world);
  world.out(`detached ${id}\n`);
  return exitStatus.ok;
}

/**
 * An interface ends with QEMU's descriptor, and its grant with it. Nobody tells the broker of a socket that QEMU has
 * closed: its grant is the one that this QEMU holds for the device's address. A port of the switch may end by itself
 * before it is released.
 */
async function releaseSocket(holder: number, mac: string, target: Target, world: World): Promise<void> {
  const ports = await listPorts(target.socket, target.options);
  if (ports.isErr()) {
    complain(world, `a grant of a socket may be left: ${describeClientError(ports.error)}`);
    return;
  }
  for (const port of ports.value) {
    const grant = parseGrantId(port.grant);
    if (grant.isErr() || port.ifname !== null || port.holder !== holder || port.mac !== mac) continue;
    const released = await releaseGrant(target.socket, grant.value, target.options);
    if (released.isOk()) continue;
    const left = await listPorts(target.socket, target.options);
    if (left.isOk() && left.value.every((one) => one.grant !== port.grant)) continue;
    complain(world, `${port.grant}: ${describeClientError(released.error)}`);
  }
}
