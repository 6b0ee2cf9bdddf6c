/** `fdbroker exec -- COMMAND…`: the command with its networks, by descriptors that it inherits. */
import { err, type Result } from 'neverthrow';
import { parseNetworkName } from '../core/names.js';
import { splitPieces } from '../qemu/comma.js';
import { findNetworks } from '../qemu/command-line.js';
import { readWish, wishKeys } from '../qemu/wish.js';
import { targetOf } from './ask-broker.js';
import { UsageError } from './command.js';
import type { ExitStatus } from './exit-status.js';
import { launch, type Named } from './launch.js';
import { readWords } from './words.js';
import type { World } from './world.js';

export const usage = `fdbroker exec [options] -- COMMAND [arguments]

Becomes COMMAND, with the networks that it asks for. In a command line of QEMU
-netdev fdbroker,id=ID,network=NAME[,queues=N][,vhost=on|off|auto][,mac=ADDRESS][,form=FORM]
and -nic fdbroker,network=NAME,… become what QEMU takes, and a -device of that ID
is told what it does not say itself. Other programs are told numbers of descriptors by
{fd:NAME} in an argument, for networks of --network, and by $FDBROKER_FDS.

Options:
  --network [NAME=]NETWORK[,form=FORM][,queues=N][,vhost=on|off|auto][,mac=ADDRESS]
                     A network for a program that is not QEMU; any number of times
  --print            Show the command, and do not start it
  --socket PATH      The broker's control socket
  --timeout SECONDS  How long to wait for the broker [default: 10]
  -h, --help         Show this
`;

export async function run(words: readonly string[], world: World): Promise<ExitStatus> {
  const given = readWords(words, { values: ['network', 'socket', 'timeout'], switches: ['print'], command: true });
  const named = given.all('network').map((text) => {
    const read = readNamed(text);
    if (read.isErr()) throw new UsageError(`--network ${text}: ${read.error}`);
    return read.value;
  });
  const found = findNetworks(given.command);
  if (found.isErr()) throw new UsageError(found.error);
  const target = targetOf({ socket: given.one('socket'), timeout: given.one('timeout') }, world);
  return launch({ command: given.command, named, found: found.value, print: given.has('print'), target }, world);
}

function readNamed(text: string): Result<Named, string> {
  const [first, ...rest] = splitPieces(text);
  const network = first?.value ?? '';
  const fields = new Map([['network', network]]);
  for (const { key, value, text: piece } of rest) {
    const allowed = wishKeys.filter((each) => each !== 'network');
    if (key === undefined || !allowed.includes(key)) return err(`what is "${piece}"? It takes ${allowed.join(', ')}`);
    if (fields.has(key)) return err(`"${key}" stands twice`);
    fields.set(key, value);
  }
  const name = parseNetworkName(first?.key ?? network);
  return name
    .mapErr(({ what }) => what)
    .andThen((known) => readWish(fields).map((wish) => ({ name: known, what: `--network ${text}`, wish })));
}
