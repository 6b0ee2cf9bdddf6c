/** Descriptors that a guest sends along with its frames: what the broker's sockets refuse, and what becomes of them elsewhere. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LinuxSockets } from '../../src/kernel/linux-sockets.js';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { openPipe } from '../../src/kernel/pipe.js';
import { failing, hungUp, Poller } from '../../src/kernel/poller.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import type { Order } from '../../src/protocol/switch-order.js';
import { broadcast, frame, station } from '../support/frames.js';
import { noNobody } from '../support/nobody.js';
import { guestEnd, SwitchProcess } from '../support/switch-process.js';
import { until } from '../support/until.js';

const plug: Order & { order: 'plug' } = {
  ...{ order: 'plug', port: 0, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1518, addresses: [], label: '' },
};
const words = (bytes: Uint8Array) => Uint8Array.of(0, 0, bytes.length >> 8, bytes.length & 0xff, ...bytes);

/** Descriptors to send, of one pipe, and whether everybody has closed them, this process too. */
function bait(t: Test) {
  const { reader, writer } = openPipe()._unsafeUnwrap();
  const poller = Poller.open()._unsafeUnwrap();
  poller.add(reader.fd, 0, false)._unsafeUnwrap();
  t.teardown(() => {
    poller[Symbol.dispose]();
    reader.close();
    if (writer.open) writer.close();
  });
  const isGone = () => poller.wait(0) > 0 && ((poller.ready[1] as number) & (hungUp | failing)) !== 0;
  return { fds: Array.from({ length: 253 }, () => writer.fd), writer, isGone };
}

t.test('sockets that the broker makes take none', async (t) => {
  using sockets = new LinuxSockets();
  for (const type of ['seqpacket', 'stream'] as const) {
    const [guest, ours] = sockets.pair(type, 1 << 16)._unsafeUnwrap();
    t.teardown(() => {
      guest.close();
      ours.close();
    });
    const { fds, writer, isGone } = bait(t);
    const sent = send(guest.fd, frame(broadcast, station(1)), fds);
    if (sent.isOk()) {
      t.comment('this kernel is older than 6.16: they lie in the socket until the switch takes the frame');
      continue;
    }
    t.equal(sent.error.code, 'EPERM', type);
    t.match(receive(ours.fd, 0)._unsafeUnwrap(), { tag: 'nothing' });
    writer.close();
    t.ok(isGone(), 'nobody has them');
    send(guest.fd, frame(broadcast, station(1)), [])._unsafeUnwrap();
    t.match(receive(ours.fd, 0)._unsafeUnwrap(), { tag: 'message' }, 'a frame without is taken');
  }
});

t.test('where a socket takes them the switch closes them and carries the frames', async (t) => {
  const it = new SwitchProcess(t);
  const broker = it.connect(t);
  const guest = (port: number, kind: 'dgram' | 'stream') =>
    guestEnd(t, kind === 'dgram' ? 'seqpacket' : 'stream', (ours) => broker.order({ ...plug, port, kind }, [ours]));
  // Who hears is a port before who speaks
  const [other, liar, streamer] = [guest(0, 'dgram'), guest(1, 'dgram'), guest(2, 'stream')];
  // The switch is undumpable, so what /proc shows of it is root's alone
  const descriptors = () => (noNobody === false ? readdirSync(`/proc/${it.child.pid}/fd`).length : 0);
  const frames = 40;
  const carry = async (from: OwnedFd, bytes: Uint8Array, fds: readonly number[]) => {
    for (let i = 0; i < frames; i += 1) {
      await until(() => send(from.fd, bytes, fds).isOk());
      while (receive(other.fd, 0)._unsafeUnwrap().tag !== 'message') await delay(1);
    }
  };
  await carry(liar, frame(broadcast, station(1)), []);
  const before = descriptors();
  for (const [from, bytes] of [
    [liar, frame(broadcast, station(1))],
    [streamer, words(frame(broadcast, station(2)))],
  ] as const) {
    const { fds, writer, isGone } = bait(t);
    await carry(from, bytes, fds);
    writer.close();
    await until(isGone);
    t.equal(descriptors(), before, `${frames * fds.length} came, and none is left`);
  }
});
