/** Time from asking to a descriptor, for each kind of network, one kind after the other in every round. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Form } from '../../src/core/form.js';
import { parseNetworkName } from '../../src/core/names.js';
import { encodeRequest } from '../../src/protocol/request.js';
import { BrokerProcess } from './broker-process.js';
import { built, timed, untilQuiet } from './commands.js';
import { listenForTcp, sections } from './networks.js';
import type { Results } from './results.js';
import { percentile } from './statistics.js';

interface Kind {
  readonly name: string;
  /** Of networks.ts. */
  readonly network: string;
  readonly form: Form;
  readonly queues?: number;
  /** There can be one at a time, because of its address: it is closed before the next is asked for. */
  readonly alone?: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'tap on a bridge', network: 'lan', form: 'tap' },
  { name: 'tap on a bridge, 2 queues', network: 'lan', form: 'tap', queues: 2 },
  { name: 'tap on a bridge, 4 queues', network: 'lan', form: 'tap', queues: 4 },
  { name: 'macvtap', network: 'macvtap', form: 'tap' },
  { name: 'macvtap, 2 queues', network: 'macvtap', form: 'tap', queues: 2 },
  { name: 'UDP', network: 'udp', form: 'dgram', alone: true },
  { name: 'TCP, listening', network: 'tcp-listen', form: 'stream', alone: true },
  { name: 'TCP, connecting', network: 'tcp-connect', form: 'stream' },
  { name: 'packet socket', network: 'packet', form: 'socket' },
  { name: 'multicast socket', network: 'multicast', form: 'socket' },
];

const requests = 40;
const rounds = 6;

function writeMessage(folder: string, { network, form, queues }: Kind, index: number): string {
  const name = parseNetworkName(network)._unsafeUnwrap();
  const device = queues === undefined ? {} : { queues };
  const file = `${folder}/kind${index}`;
  writeFileSync(file, encodeRequest({ verb: 'open', network: name, form, vnetHdr: true, ...device }));
  return file;
}

/** @returns why there is none to be had here: the broker's words. */
function whyNot(args: readonly string[]): string | undefined {
  const { status, stderr } = spawnSync(built('bench-grant'), args, { input: '', encoding: 'utf8' });
  return status === 0 ? undefined : (/^message=(.*)$/m.exec(stderr)?.[1] ?? stderr.trim());
}

export async function measureTimeToGrant(results: Results, folder: string): Promise<void> {
  await using broker = await BrokerProcess.start(folder, 100, { sections });
  using _listener = await listenForTcp();
  const all = kinds.map((kind, index) => {
    const args = (count: number) => [
      ...[broker.socket, String(count), kind.alone ? 'close' : 'keep'],
      writeMessage(folder, kind, index),
    ];
    return { ...kind, args: args(requests), missing: whyNot(args(1)), times: [] as number[] };
  });
  const measured = all.filter(({ missing }) => missing === undefined);
  // The first round is to warm up
  for (let round = 0; round <= rounds; round++) {
    for (const { args, times } of measured) {
      await untilQuiet(broker.pid);
      const { times: more, release } = await timed('bench-grant', args);
      await release();
      if (round > 0) times.push(...more);
    }
  }
  await untilQuiet(broker.pid);
  results.section(`Time to a grant by kind, from connect to the descriptor (${requests * rounds} requests each)`);
  for (const { name, times, missing } of all) {
    if (missing !== undefined) results.note(`${name}: none to be had here: ${missing}`);
    else for (const [which, part] of parts) results.add(`${name} ${which}`, percentile(times, part), 'ms');
  }
}

const parts = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;
