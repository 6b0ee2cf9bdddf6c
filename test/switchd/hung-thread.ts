/** A switch of which one thread is held by a debugger, for which no order counts any more. */
import t from 'tap';
import type { OwnedFd } from '../../src/kernel/owned-fd.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import type { Order } from '../../src/protocol/switch-order.js';
import { broadcast, frame, station } from '../support/frames.js';
import { guestEnd, SwitchProcess } from '../support/switch-process.js';
import { missingCompiler } from '../support/tap-holder.js';
import { busiestThread, compileStopper, stopThread } from '../support/thread-stopper.js';
import { until } from '../support/until.js';

const plug: Order & { order: 'plug' } = {
  ...{ order: 'plug', port: 0, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1518, addresses: [], label: '' },
};

/** Sends frames until as many have come through. */
async function talk(from: OwnedFd, to: OwnedFd, frames: number): Promise<void> {
  let heard = 0;
  await until(() => {
    for (let i = 0; i < 100; i += 1) send(from.fd, frame(broadcast, station(1)), []).unwrapOr(undefined);
    while (receive(to.fd, 0)._unsafeUnwrap().tag === 'message') heard += 1;
    return heard >= frames;
  });
}

t.test('told to stop it stops, and nothing of it is left', { skip: missingCompiler() }, async (t) => {
  const it = new SwitchProcess(t, [], ['--threads', '2']);
  const broker = it.connect(t);
  const ends = [0, 1, 2, 3].map((port) =>
    guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, port, network: port >> 1 }, [ours])),
  ) as [OwnedFd, OwnedFd, OwnedFd, OwnedFd];
  await talk(ends[0], ends[1], 1);
  await talk(ends[2], ends[3], 1);
  const thread = await busiestThread(it.child.pid as number, () => talk(ends[2], ends[3], 20_000));
  const refused = await stopThread(t, compileStopper(t), thread);
  if (refused !== undefined) return t.comment(`no thread can be stopped here: ${refused}`);
  while (receive(ends[3].fd, 0)._unsafeUnwrap().tag === 'message');
  await talk(ends[0], ends[1], 1000);
  t.same(receive(ends[3].fd, 0)._unsafeUnwrap(), { tag: 'nothing' }, 'the other thread goes on alone');
  it.child.kill('SIGTERM');
  t.equal(await it.ended, 'SIGKILL');
  t.match(it.stderr, /a thread does not end, and is killed/);
  t.throws(() => process.kill(it.child.pid as number, 0));
});
