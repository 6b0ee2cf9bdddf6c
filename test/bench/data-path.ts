/** The same frames through each kind of network, without a guest: how many a second, and for how many switches. */
import { spawnSync } from 'node:child_process';
import { type OpenedGrant, open } from '../../src/client/open.js';
import type { Form } from '../../src/core/form.js';
import { BrokerProcess } from './broker-process.js';
import { built } from './commands.js';
import { sections } from './networks.js';
import type { Results } from './results.js';
import { median } from './statistics.js';

interface Path {
  readonly name: string;
  /** How frames.c sends. */
  readonly kind: 'tap' | 'datagram' | 'stream' | 'pair';
  /** What the sink's network and the generator's are opened as, in this order; left out: frames.c makes a pair. */
  readonly ends?: { readonly form: Form; readonly sink: string; readonly generator: string };
}

const paths: readonly Path[] = [
  { name: 'tap, bridge, tap', kind: 'tap', ends: { form: 'tap', sink: 'lan', generator: 'lan' } },
  { name: 'macvtap to macvtap', kind: 'tap', ends: { form: 'tap', sink: 'macvtap', generator: 'macvtap' } },
  { name: 'packet socket, veth', kind: 'datagram', ends: { form: 'socket', sink: 'packet-far', generator: 'packet' } },
  { name: 'UDP', kind: 'datagram', ends: { form: 'dgram', sink: 'udp-far', generator: 'udp' } },
  { name: 'TCP with lengths', kind: 'stream', ends: { form: 'stream', sink: 'tcp-listen', generator: 'tcp-far' } },
  { name: 'SEQPACKET pair', kind: 'pair' },
];

const sizes = [64, 1500] as const;
/** Frames of a call; a tap takes one. */
const batches = [1, 64] as const;
const rounds = 5;
/** Of one measurement. */
const milliseconds = 200;
/** Where frames.c makes both ends. */
const anyAddress = '02:00:00:00:00:02';

/** One way to send, and what it came to in each round. */
interface Series extends Path {
  readonly size: number;
  readonly batch: number;
  /** Frames that arrived: thousands a second. */
  readonly rates: number[];
  /** Of both processes, for each frame that arrived. */
  readonly switches: number[];
  /** Percent of those sent: lost, or still on the way at the end. */
  readonly absent: number[];
}

/** @throws the broker's words when it gives none. */
async function openEnd(network: string, form: Form, socket: string): Promise<OpenedGrant> {
  const opened = await open({ network, form, socket });
  if (opened.isOk()) return opened.value;
  throw new Error(`${network}: ${opened.error.tag === 'refused' ? opened.error.message : opened.error.tag}`);
}

async function runOnce({ kind, ends, size, batch }: Series, socket: string): Promise<number[]> {
  if (ends === undefined) return send(kind, size, batch, ['ignore', 'ignore'], [anyAddress, anyAddress]);
  using sink = await openEnd(ends.sink, ends.form, socket);
  using generator = await openEnd(ends.generator, ends.form, socket);
  const fds = [generator, sink].map(({ fds: [fd] }) => fd?.fd ?? 'ignore');
  return send(kind, size, batch, fds, [generator.mac, sink.mac]);
}

function send(
  kind: string,
  size: number,
  batch: number,
  fds: readonly (number | 'ignore')[],
  addresses: readonly string[],
): number[] {
  const args = [kind, String(size), String(batch), String(milliseconds), ...addresses];
  const { status, stdout, stderr } = spawnSync(built('bench-frames'), args, {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`bench-frames ${args.join(' ')}: ${stderr}`);
  return stdout.trim().split(' ').map(Number);
}

async function measureOnce(series: Series, socket: string): Promise<void> {
  const [sent = 0, received = 0, nanoseconds = 0, switches = 0] = await runOnce(series, socket);
  if (received === 0) throw new Error(`${series.name}: no frame arrives`);
  series.rates.push((received / nanoseconds) * 1e6);
  series.switches.push(switches / received);
  series.absent.push(Math.max(0, 1 - received / sent) * 100);
}

/** @returns why there is none to be had here. */
async function whyNot({ ends }: Path, socket: string): Promise<string | undefined> {
  if (ends === undefined) return undefined;
  const opened = await open({ network: ends.generator, form: ends.form, socket });
  if (opened.isErr()) return opened.error.tag === 'refused' ? opened.error.message : opened.error.tag;
  opened.value[Symbol.dispose]();
  return undefined;
}

export async function measureDataPath(results: Results, folder: string): Promise<void> {
  await using broker = await BrokerProcess.start(folder, 100, { sections });
  const all: Series[] = [];
  results.section(`Raw data path without a guest (${rounds} rounds of ${milliseconds} ms each)`);
  for (const path of paths) {
    const missing = path.ends?.sink === 'tcp-listen' ? undefined : await whyNot(path, broker.socket);
    if (missing !== undefined) {
      results.note(`${path.name}: none to be had here: ${missing}`);
      continue;
    }
    for (const size of sizes) {
      for (const batch of path.kind === 'tap' ? [1] : batches) {
        all.push({ ...path, size, batch, rates: [], switches: [], absent: [] });
      }
    }
  }
  // All in turn in every round, so that whatever else the machine does hits each
  for (let round = 0; round < rounds; round++) for (const series of all) await measureOnce(series, broker.socket);
  results.heading(['kframes/s', 'switches/frame', 'not arrived %']);
  for (const { name, size, batch, rates, switches, absent } of all) {
    results.addRow(`${name}, ${size} bytes${batch === 1 ? '' : `, ${batch} a call`}`, [
      { column: 'rate', value: median(rates), unit: 'kframes/s' },
      { column: 'switches for each frame', value: median(switches), unit: '' },
      { column: 'not arrived', value: median(absent), unit: '%' },
    ]);
  }
}
