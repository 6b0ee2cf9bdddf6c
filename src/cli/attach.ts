/** `fdbroker attach QMP_SOCKET --network NAME --id ID`: a network for a guest that runs. */
import { describeClientError } from '../client/error.js';
import { type OpenedGrant, open } from '../client/open.js';
import { releaseGrant } from '../client/verbs.js';
import { plug } from '../qemu/plug.js';
import { Qmp, type QmpError } from '../qemu/qmp.js';
import { readWish, withPromise } from '../qemu/wish.js';
import { reportFailure, type Target, targetOf, warn } from './ask-broker.js';
import { UsageError } from './command.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { explainLock } from './locked-address.js';
import { readWords } from './words.js';
import { complain, type World } from './world.js';

export const usage = `fdbroker attach QMP_SOCKET --network NETWORK --id ID [options]

Gives a network to a guest that runs, by the monitor of its QEMU, which was started
with -qmp unix:QMP_SOCKET,server=on,wait=off

Options:
  --network NETWORK  Which network
  --id ID            The netdev's id in QEMU, and the device's
  --device MODEL     Make a device for it too, as virtio-net-pci
  --bus BUS          Where that goes [default: where there is room]
  --form FORM        tap, dgram or stream [default: the first that it offers]
  --queues N         Queues of the device [default: 1]
  --vhost WORD       With vhost-net: on, off or auto [default: off]
  --mac ADDRESS      The device's address [default: the broker chooses]
  --socket PATH      The broker's control socket
  --timeout SECONDS  How long to wait for the broker, and for QEMU [default: 10]
  -h, --help         Show this
`;

const wishOptions = ['network', 'form', 'queues', 'vhost', 'mac'];

export async function run(words: readonly string[], world: World): Promise<ExitStatus> {
  const values = [...wishOptions, 'id', 'device', 'bus', 'socket', 'timeout'];
  const given = readWords(words, { values, operands: ['QMP_SOCKET'] });
  const known = wishOptions.flatMap((key): [string, string][] => {
    const value = given.one(key);
    return value === undefined ? [] : [[key, value]];
  });
  const wish = readWish(new Map(known)).mapErr((error) => error.replace(/^"(\w+)"/, '--$1'));
  if (wish.isErr()) throw new UsageError(wish.error);
  if (wish.value.form === 'socket') throw new UsageError('QEMU takes no bare socket; choose tap, dgram or stream');
  const [id, driver, bus] = [given.one('id'), given.one('device'), given.one('bus')];
  if (id === undefined) throw new UsageError('--id is missing');
  if (bus !== undefined && driver === undefined) throw new UsageError('--bus is for --device');
  const target = targetOf({ socket: given.one('socket'), timeout: given.one('timeout') }, world);

  const connected = await Qmp.connect(given.operands[0] ?? '', target.options.timeout);
  if (connected.isErr()) return reportMonitor(connected.error, world);
  using monitor = connected.value;
  const own = monitor.peer?.uid === world.uid;
  const holder = own ? { holder: monitor.fd } : {};
  const asked = driver === undefined ? wish.value : withPromise(wish.value);
  const opened = await open({ ...asked, socket: target.socket, ...target.options, ...holder });
  if (opened.isErr()) {
    const tell = 'no device is told one: say --device MODEL, or --mac ADDRESS';
    const { error } = opened;
    return reportFailure(
      asked.mac === undefined ? await explainLock(error, asked.network, tell, target) : error,
      target,
      world,
    );
  }
  using grant = opened.value;
  warn(grant, world);
  if (!own && grant.ifname === undefined) {
    complain(world, 'the grant of a socket ends with its holder, and this QEMU is another user’s: attach as that user');
    return exitStatus.no;
  }
  const wanted = { id, ...(driver === undefined ? {} : { driver }), ...(bus === undefined ? {} : { bus }) };
  const plugged = await plug(monitor, wanted, sourceOf(grant));
  if (plugged.isErr()) {
    await giveBack(grant, target, world);
    return reportMonitor(plugged.error, world);
  }
  const place = plugged.value === undefined ? '' : `, on ${plugged.value}`;
  world.out(`attached ${id}: network ${grant.network}, grant ${grant.grant}, address ${grant.mac}${place}\n`);
  return exitStatus.ok;
}

function sourceOf({ form, mac, mtu, server, fds, vhostFds }: OpenedGrant) {
  const numbers = (all: OpenedGrant['fds']) => all.map(({ fd }) => fd);
  return { form, mac, mtu, server, fds: numbers(fds), vhostFds: numbers(vhostFds) };
}

/** QEMU may keep a descriptor that it could not use, or was told of before it was lost. */
async function giveBack(grant: OpenedGrant, target: Target, world: World): Promise<void> {
  grant[Symbol.dispose]();
  const released = await releaseGrant(target.socket, grant.grant, target.options);
  // A refusal says that it has ended by itself
  if (released.isErr() && released.error.tag !== 'refused') {
    complain(world, `grant ${grant.grant} may be left: ${describeClientError(released.error)}`);
  }
}

/** Says on standard error what QEMU said. */
export function reportMonitor(error: QmpError, world: World): ExitStatus {
  complain(world, error.tag === 'refused' ? `QEMU refuses: ${error.what}` : error.what);
  return error.tag === 'refused' ? exitStatus.no : exitStatus.unreachable;
}
