/**
 * The kernel's own result: a frame with a virtio-net header goes into one tap and over a bridge to another that has no
 * offloads, so that the kernel segments it and completes its checksums. Ours are the same, byte for byte.
 */
import { existsSync, readSync, writeFileSync, writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Tap } from '../../../src/kernel/kernel.js';
import { isBad, isFinished, offloadOf, wantsChecksum } from '../../../src/switch/offload/check.js';
import { completeChecksum } from '../../../src/switch/offload/checksum.js';
import { SegmentSlots, segment } from '../../../src/switch/offload/segment.js';
import {
  dataValid,
  gsoNone,
  gsoTypeOf,
  gsoUdp,
  setFlags,
  vnetHeaderLength,
} from '../../../src/switch/offload/vnet-header.js';
import { broadcast, frame, station } from '../../support/frames.js';
import { addBridge, addPort, addTap, openKernel } from '../../support/links.js';
import { inPrivateNamespace, sh } from '../../support/namespace.js';
import { offloadedFrame, type Packet, plainPacket, randomPacket, transportAt } from '../../support/offload-frames.js';
import { randomNumbers } from '../../support/random.js';

inPrivateNamespace();
// No frames of the host's own, and no firewall that looks at packets on the bridge
const settings = {
  'ipv6/conf/default/disable_ipv6': '1',
  'bridge/bridge-nf-call-iptables': '0',
  'bridge/bridge-nf-call-ip6tables': '0',
};
for (const [name, value] of Object.entries(settings))
  if (existsSync(`/proc/sys/net/${name}`)) writeFileSync(`/proc/sys/net/${name}`, value);

/** Of a type for experiments (IEEE 802). */
const mark = frame(broadcast, station(3));
mark.set([0x88, 0xb5], 12);

/** Two taps on a bridge, the second without offloads. */
class Kernel {
  readonly #in: Tap;
  readonly #out: Tap;
  readonly #memory = Buffer.alloc(70_000);
  /** Whether it knows the segmentation of UDP by this header, as Linux does from 6.2 on. */
  readonly udp: boolean;

  constructor(t: Test) {
    const kernel = openKernel(t);
    const bridge = addBridge(t, 'br0', 'mcast_snooping 0');
    this.#in = addTap(t, kernel, 'offloads', true);
    sh('ip link set offloads master br0 up');
    this.#out = addPort(t, kernel, 'plain', bridge, '02:00:00:00:00:09');
    this.#send(Buffer.concat([Buffer.alloc(vnetHeaderLength), mark]));
    this.#upToMark();
    this.udp = this.pass(offloadedFrame({ ...plainPacket, protocol: 'udp' }, 50)) !== undefined;
  }

  /** @returns what comes out; undefined: the kernel refuses the frame. */
  pass(bytes: Uint8Array): Buffer[] | undefined {
    const taken = this.#send(bytes);
    this.#send(Buffer.concat([Buffer.alloc(vnetHeaderLength), mark]));
    const frames = this.#upToMark();
    return taken ? frames : undefined;
  }

  #send(bytes: Uint8Array): boolean {
    try {
      return writeSync(this.#in.fd.fd, bytes) === bytes.length;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return false;
      throw error;
    }
  }

  #upToMark(): Buffer[] {
    const frames: Buffer[] = [];
    for (;;) {
      const one = Buffer.from(this.#memory.subarray(0, readSync(this.#out.fd.fd, this.#memory)));
      if (one.equals(mark)) return frames;
      frames.push(one);
    }
  }
}

const slots = new SegmentSlots(new Uint8Array(400 * 4096), 0, 4096, 400);

/** What ours make of it. */
function pass(whole: Uint8Array): Buffer[] | undefined {
  const bytes = Buffer.from(whole);
  const length = bytes.length - vnetHeaderLength;
  const verdict = offloadOf(bytes, 0, vnetHeaderLength, length);
  if (verdict === wantsChecksum) completeChecksum(bytes, 0, vnetHeaderLength, length);
  if (verdict === wantsChecksum || verdict === isFinished) return [bytes.subarray(vnetHeaderLength)];
  const count = verdict === isBad ? 0 : segment(bytes, 0, vnetHeaderLength, length, slots);
  if (count === 0) return undefined;
  const at = (i: number) => i * slots.stride;
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(slots.bytes.subarray(at(i), at(i) + (slots.lengths[i] as number))),
  );
}

function compare(t: Test, kernel: Kernel, bytes: Uint8Array, name: string): number {
  const [found, wanted] = [pass(bytes), kernel.pass(bytes)];
  const hex = (frames: Buffer[] | undefined) => frames?.map((each) => each.toString('hex'));
  if (wanted === undefined || Buffer.compare(Buffer.concat(found ?? []), Buffer.concat(wanted)) !== 0)
    t.same(hex(found), hex(wanted) ?? 'refused', name);
  return wanted?.length ?? 0;
}

const large = Uint8Array.from({ length: 64_000 }, (_, i) => (i * i) >> 5);
const cases: readonly (readonly [string, Partial<Packet>, number])[] = [
  ['TCP over IPv4', {}, 1448],
  ['TCP over IPv4 with options', { ipOptions: 4 }, 1448],
  ['TCP over IPv6', { ip: 6 }, 1428],
  ['TCP over IPv6 behind hop-by-hop and destination options', { ip: 6, extensions: [0, 60] }, 1400],
  ['TCP over IPv6 behind a routing header', { ip: 6, extensions: [43] }, 1400],
  ['TCP with CWR, FIN and PSH', { flags: 0x99 }, 1448],
  ['TCP whose numbers turn over', { seq: 0xffff_f000, id: 0xfff0 }, 1448],
  ['TCP in a VLAN', { tags: [7] }, 1448],
  ['TCP over IPv6 in two VLANs', { ip: 6, tags: [7, 0xe008] }, 1420],
  ['TCP in small segments', { payload: large.slice(0, 20_000) }, 60],
  ['UDP over IPv4', { protocol: 'udp' }, 1472],
  ['UDP over IPv6', { protocol: 'udp', ip: 6 }, 1452],
  ['UDP over IPv6 in a VLAN', { protocol: 'udp', ip: 6, tags: [9] }, 1200],
];

t.test('64 KB', async (t) => {
  const kernel = new Kernel(t);
  for (const [name, some, size] of cases) {
    if (some.protocol === 'udp' && !kernel.udp) continue;
    const packet = { ...plainPacket, payload: large, ...some };
    const count = compare(t, kernel, offloadedFrame(packet, size), name);
    t.equal(count, Math.ceil(packet.payload.length / size), name);
  }
});

t.test('what a device has put together and verified', async (t) => {
  const kernel = new Kernel(t);
  for (const ip of [4, 6] as const) {
    const bytes = offloadedFrame({ ...plainPacket, ip, flags: 0x99, payload: large }, 1400);
    setFlags(bytes, 0, dataValid);
    t.equal(compare(t, kernel, bytes, `IPv${ip}`), 46);
  }
});

t.test('random segments and checksums', async (t) => {
  const kernel = new Kernel(t);
  const random = randomNumbers(20_262);
  let frames = 0;
  for (let step = 0; step < 1500; step += 1) {
    const packet = randomPacket(random, 1300);
    const udp = packet.protocol === 'udp';
    const some = random(3) === 0 || (udp && !kernel.udp) ? 0 : 30 + random(1000);
    const spare = some - packet.payload.length;
    // The kernel loses one that is a single segment, when its options make it longer than that: ours does not
    const size = !udp && spare >= 0 && spare < packet.tcpOptions * 4 ? 0 : some;
    frames += compare(t, kernel, offloadedFrame(packet, size), `step ${step}`);
  }
  t.ok(frames > 3000, `${frames} frames`);
});

t.test('a checksum of zero', async (t) => {
  const kernel = new Kernel(t);
  const packet: Packet = { ...plainPacket, protocol: 'udp', payload: Uint8Array.of(0, 0, 1, 2) };
  const [first] = kernel.pass(offloadedFrame(packet)) as [Buffer];
  const at = transportAt(packet) + 6;
  const zero = { ...packet, payload: Uint8Array.of(...first.subarray(at, at + 2), 1, 2) };
  const bytes = offloadedFrame(zero);
  compare(t, kernel, bytes, 'complete');
  t.equal(pass(bytes)?.[0]?.readUInt16BE(at), 0xffff);
});

t.test('spoiled headers: what the kernel does not send is dropped, and what both send is the same', async (t) => {
  const kernel = new Kernel(t);
  const random = randomNumbers(99);
  const seen = { dropped: 0, sent: 0 };
  for (let step = 0; step < 3000; step += 1) {
    const bytes = offloadedFrame(randomPacket(random, 300), random(2) * (10 + random(200)));
    const at = random(vnetHeaderLength);
    bytes[at] = random(2) === 0 ? random(256) : (bytes[at] as number) ^ (1 << random(8));
    const [found, wanted] = [pass(bytes), kernel.pass(bytes) ?? []];
    if (gsoTypeOf(bytes, 0) === gsoUdp && !kernel.udp) continue;
    if (found === undefined) {
      seen.dropped += 1;
      continue;
    }
    seen.sent += 1;
    // The kernel loses a single segment that says it is to be cut, when its checksum is finished or it has options
    if (found.length === 1 && wanted.length === 0 && gsoTypeOf(bytes, 0) !== gsoNone) continue;
    if (Buffer.compare(Buffer.concat(found), Buffer.concat(wanted)) !== 0)
      t.same(
        found.map((each) => each.toString('hex')),
        wanted.map((each) => each.toString('hex')),
        `step ${step}: ${Buffer.from(bytes).toString('hex')}`,
      );
  }
  for (const [name, count] of Object.entries(seen)) t.ok(count > 300, `${name}: ${count}`);
});
