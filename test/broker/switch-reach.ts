/** A broker that finds a switch which is just coming up: everybody is served, and who wants a port of it waits. */
import t from 'tap';
import { receive } from '../../src/kernel/seqpacket.js';
import { ask, dataOf } from '../support/ask.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { switchPids } from '../support/switch-pids.js';
import { SwitchStage, say } from '../support/switch-stage.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const stage = await SwitchStage.start(t);
const { daemon } = stage;
const ports = async () => dataOf(await ask(daemon.socket, { verb: 'ports' }));

t.test('while it comes up', async (t) => {
  const one = await stage.guest();
  const before = await ports();
  const [carrying = 0] = switchPids(daemon.socket);
  t.teardown(() => {
    // Where a test fails half-way
    try {
      process.kill(carrying, 'SIGCONT');
    } catch {}
  });

  // Stands in for one whose program is still being loaded
  process.kill(carrying, 'SIGSTOP');
  await daemon.kill('SIGKILL');
  await daemon.start();
  t.same(await ports(), before, 'the keeper knows whose the ports are');
  t.equal(dataOf(await ask(daemon.socket, { verb: 'networks' })).length, 3, 'others are served');
  let answered = false;
  const waiting = stage.guest().then((guest) => {
    answered = true;
    return guest;
  });
  t.equal((await ask(daemon.socket, { verb: 'status' })).reply?.status, 'ok', 'also while somebody waits');
  t.notOk(answered);
  process.kill(carrying, 'SIGCONT');
  const other = await waiting;
  const bytes = frame(broadcast, station(1));
  await until(() => {
    say(one, bytes);
    const received = receive(other.fd.fd, 0)._unsafeUnwrap();
    return received.tag === 'message' && Buffer.from(bytes).equals(received.bytes);
  });
  t.same(switchPids(daemon.socket), [carrying], 'and it is the same switch');
  t.equal((await ports()).length, 2);
});
