/** `fdbroker open --network NAME -- COMMAND…`: one network for a script. */
import { readWish, wishKeys } from '../qemu/wish.js';
import { targetOf } from './ask-broker.js';
import { UsageError } from './command.js';
import type { ExitStatus } from './exit-status.js';
import { launch } from './launch.js';
import { readWords } from './words.js';
import type { World } from './world.js';

export const usage = `fdbroker open --network NETWORK [options] -- COMMAND [arguments]

Becomes COMMAND, with the descriptors of a network: their numbers are in $FDBROKER_FDS,
and in arguments in place of {fd} and {vhostfd}; {mac} and {mtu} are the guest's.
Of a multicast network {to} and $FDBROKER_TO say where frames are to be sent.

Options:
  --network NETWORK  Which network
  --form FORM        tap, dgram, stream or socket [default: the one that QEMU takes]
  --queues N         Descriptors of one device [default: 1]
  --vhost WORD       A vhost-net descriptor for each: on, off or auto [default: off]
  --mac ADDRESS      The guest's address [default: the broker chooses]
  --print            Show the command, and do not start it
  --socket PATH      The broker's control socket
  --timeout SECONDS  How long to wait for the broker [default: 10]
  -h, --help         Show this
`;

export async function run(words: readonly string[], world: World): Promise<ExitStatus> {
  const values = [...wishKeys, 'socket', 'timeout'];
  const given = readWords(words, { values, switches: ['print'], command: true });
  const fields = new Map(wishKeys.flatMap((key) => [[key, given.one(key)] as const]));
  const known = new Map([...fields].filter((field): field is [string, string] => field[1] !== undefined));
  const wish = readWish(known).mapErr((error) => error.replace(/^"(\w+)"/, '--$1'));
  if (wish.isErr()) throw new UsageError(wish.error);
  const { network } = wish.value;
  const target = targetOf({ socket: given.one('socket'), timeout: given.one('timeout') }, world);
  const named = [{ name: network, what: `--network ${network}`, wish: wish.value }];
  return launch({ command: given.command, named, found: [], print: given.has('print'), target }, world);
}
