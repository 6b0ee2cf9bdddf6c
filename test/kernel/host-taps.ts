/** Taps by which the host is on a network, on the real kernel, and their frames by read(2) and write(2). */
import { constants as files } from 'node:fs';
import { constants } from 'node:os';
import t, { type Test } from 'tap';
import { ownFd } from '../../src/kernel/close.js';
import { FrameIo, frameBatch } from '../../src/kernel/frame-io.js';
import type { HostTap } from '../../src/kernel/host-taps.js';
import { native } from '../../src/kernel/native.js';
import {
  gsoNone,
  gsoTypeOf,
  flagsOf as needs,
  needsChecksum,
  vnetHeaderLength,
} from '../../src/switch/offload/vnet-header.js';
import { flagsOf, openTunFds } from '../support/descriptors.js';
import { broadcast, frame, station } from '../support/frames.js';
import { addBridge, ifname, ipLink, isUp, mac, openKernel } from '../support/links.js';
import { inPrivateNamespace, sh, shJson } from '../support/namespace.js';
import { compileTapHolder, missingCompiler, TapHolder } from '../support/tap-holder.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const { EAGAIN, EPROTO } = constants.errno;
/** Too small for IPv6, which would say something. */
const quiet = 'ip link set lab0 mtu 1000 up';
const slots = Int32Array.from({ length: frameBatch }, (_, slot) => slot);

function open(t: Test, name: string): HostTap {
  const tap = openKernel(t).hostTaps.open(ifname(name))._unsafeUnwrap();
  t.teardown(() => tap.fd.open && native.close(tap.fd.release()));
  return tap;
}

t.test('a tap that is made, named, and ends with its descriptor', async (t) => {
  const kernel = openKernel(t);
  const before = openTunFds();
  const tap = open(t, 'lab0');
  t.match(tap, { made: true, ifindex: ipLink('lab0').ifindex });
  t.notOk(isUp('lab0'));
  t.match(ipLink('lab0').linkinfo.info_data, { type: 'tap', pi: false, vnet_hdr: true, persist: false });
  t.ok((flagsOf(tap.fd.fd) & files.O_NONBLOCK) !== 0, 'reading does not wait');
  const change = { mtu: 1450, address: mac('fe:fd:00:00:00:07'), alias: 'fdbroker host=tap network=lab' };
  t.ok(kernel.hostTaps.name(tap.ifindex, change).isOk());
  t.match(ipLink('lab0'), { mtu: 1450, address: 'fe:fd:00:00:00:07', ifalias: change.alias });
  t.notOk(isUp('lab0'), 'it is the administrator who brings it up');
  t.match(kernel.hostTaps.open(ifname('lab0'))._unsafeUnwrapErr(), { code: 'EBUSY' }, 'somebody holds it');
  tap.fd.close();
  await until(() => ipLink('lab0') === undefined);
  t.equal(openTunFds(), before);
});

t.test('a tap that is there already, and what is none', async (t) => {
  const kernel = openKernel(t);
  const before = openTunFds();
  addBridge(t, 'br0');
  sh('ip tuntap add kept mode tap; ip tuntap add layer3 mode tun; ip tuntap add many mode tap multi_queue');
  sh('ip link set kept mtu 1400 address 02:00:00:00:00:09 up; ip address add 10.1.0.1/24 dev kept');
  const { ifindex } = ipLink('kept');
  const tap = open(t, 'kept');
  t.match(tap, { made: false, ifindex });
  t.match(ipLink('kept'), { mtu: 1400, address: '02:00:00:00:00:09', linkinfo: { info_data: { vnet_hdr: true } } });
  native.close(tap.fd.release());
  t.equal(ipLink('kept').ifindex, ifindex, 'it stays');
  for (const name of ['br0', 'layer3', 'many', 'lo']) {
    t.match(kernel.hostTaps.open(ifname(name))._unsafeUnwrapErr(), { call: 'TUNSETIFF', code: 'EINVAL' }, name);
  }
  t.equal(openTunFds(), before);
});

t.test('one that others have had, who did to it what they can', { skip: missingCompiler() }, async (t) => {
  sh('ip tuntap add lab0 mode tap');
  t.teardown(() => sh('ip link del lab0'));
  const { IFF_NO_PI, IFF_TAP, IFF_VNET_HDR } = native.constants;
  const device = ownFd(native.tunDevice());
  t.equal(native.tunAttach(device.fd, 'lab0', IFF_TAP | IFF_NO_PI | IFF_VNET_HDR), 0);
  const holder = new TapHolder(t, compileTapHolder(t), device);
  for (const word of ['header 20', 'filter', 'carrier off']) t.equal(await holder.tell(word), 0, word);
  await holder.kill();
  const tap = open(t, 'lab0');
  sh(`${quiet}; ip address add 10.0.0.1/24 dev lab0
    ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev lab0 nud permanent`);
  sh('echo hello | socat -u - UDP-SENDTO:10.0.0.2:9');
  const io = new FrameIo([{ slots: 1, room: 2048 }]);
  t.equal(io.read(tap.fd.fd, 0, 1, vnetHeaderLength), 1);
  const at = io.start[0] as number;
  t.equal(io.length[0], 14 + 20 + 8 + 6);
  t.same(io.bytesOf(0).slice(at, at + 6), station(2), 'the frame begins where it is looked for');
  native.close(tap.fd.release());
});

t.test('nobody else gets one that was used, unless it is theirs', { skip: missingCompiler() }, async (t) => {
  const [program, stranger] = [compileTapHolder(t), 65_534];
  const take = async (name: string) => {
    const holder = new TapHolder(t, program, ownFd(native.tunDevice()), stranger);
    const result = await holder.tell(`take ${name}`);
    await holder.kill();
    return result;
  };
  sh(`ip tuntap add lab0 mode tap; ip tuntap add theirs mode tap user ${stranger}`);
  t.equal(await take('lab0'), 0, 'by the kernel’s rule it is everybody’s');
  const { EBUSY, EPERM } = constants.errno;
  for (const name of ['lab0', 'theirs']) {
    const tap = open(t, name);
    t.equal(await take(name), name === 'lab0' ? -EPERM : -EBUSY, name);
    native.close(tap.fd.release());
  }
  t.equal(await take('lab0'), -EPERM);
  t.equal(await take('theirs'), 0, 'what the administrator has said stays');
  sh('ip link del lab0; ip link del theirs');
});

t.test('frames that the host leaves undone, many at once', async (t) => {
  const tap = open(t, 'lab0');
  sh(`${quiet}; ip address add 10.0.0.1/24 dev lab0
    ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev lab0 nud permanent`);
  const io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  const read = (count = frameBatch) => io.read(tap.fd.fd, 0, count, vnetHeaderLength);
  t.equal(read(), -EAGAIN);
  sh('for i in 1 2 3 4 5; do echo hello | socat -u - UDP-SENDTO:10.0.0.2:9; done');
  t.equal(read(3), 3);
  t.equal(read(), 2);
  const [at, bytes] = [io.start[0] as number, io.bytesOf(0)];
  t.equal(io.length[0], 14 + 20 + 8 + 6);
  t.same(bytes.slice(at, at + 6), station(2));
  t.equal(needs(bytes, at - vnetHeaderLength), needsChecksum);
  t.equal(gsoTypeOf(bytes, at - vnetHeaderLength), gsoNone);
  t.equal(read(), -EAGAIN);
});

t.test('frames for the host, whether or not it takes them', async (t) => {
  const tap = open(t, 'lab0');
  const io = new FrameIo([{ slots: frameBatch, room: 66_000 }]);
  const bytes = frame(broadcast, station(1));
  for (let slot = 0; slot < frameBatch; slot += 1) {
    io.bytesOf(slot).set(bytes, io.start[slot] as number);
    io.length[slot] = bytes.length;
  }
  const write = (count: number) => ({ ...io.write(tap.fd.fd, slots, count, vnetHeaderLength) });
  t.match(write(5), { sent: 0, failed: 5, full: 0, broken: false }, 'it is down');
  sh(quiet);
  const received = () => shJson('ip -s -j link show lab0')[0].stats64.rx.packets as number;
  const before = received();
  t.match(write(frameBatch), { sent: frameBatch, failed: 0, full: 0, broken: false });
  t.equal(received(), before + frameBatch);
  // A checksum behind the end of the frame
  io.bytesOf(1).set([needsChecksum, 0, 0, 0, 0, 0, 0xff, 0x0f, 0, 0], (io.start[1] as number) - vnetHeaderLength);
  t.match(write(3), { sent: 2, failed: 1, full: 0, broken: false }, 'a header that lies harms none but its own');
  t.throws(() => io.write(tap.fd.fd, Int32Array.of(frameBatch), 1, vnetHeaderLength), /slots/);
  sh('ip link del lab0');
  t.match(write(2), { sent: 0, failed: 2, full: 0, broken: true }, 'it is no more');
  t.equal(io.read(tap.fd.fd, 0, frameBatch, vnetHeaderLength), -EPROTO);
});

t.test('a frame that fills its slot is too long, and arguments that are none', async (t) => {
  const tap = open(t, 'lab0');
  sh(`${quiet}; ip address add 10.0.0.1/24 dev lab0
    ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev lab0 nud permanent`);
  const io = new FrameIo([{ slots: 2, room: 48 }]);
  sh('echo hello | socat -u - UDP-SENDTO:10.0.0.2:9; echo hell | socat -u - UDP-SENDTO:10.0.0.2:9');
  t.equal(io.read(tap.fd.fd, 0, 2, vnetHeaderLength), 2);
  t.same([...io.length], [49, 47]);
  t.equal(io.read(tap.fd.fd, 1, 2, vnetHeaderLength), -EAGAIN);
  t.equal(io.read(tap.fd.fd, 2, 1, vnetHeaderLength), -constants.errno.EINVAL, 'there is no such slot');
  const { framesRead, framesWrite } = native;
  t.throws(() => framesRead({} as never, 0, 0, 1, 0), TypeError);
  t.throws(() => framesWrite({} as never, 0, slots, 1, 0, new Int32Array(4)), TypeError);
});
