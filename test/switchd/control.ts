/** The switch as a process: ports by order, frames, ends, a broker that comes back, and nothing that it may not. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Mac } from '../../src/core/mac.js';
import { receive, send } from '../../src/kernel/seqpacket.js';
import type { Order } from '../../src/protocol/switch-order.js';
import { broadcast, frame, station } from '../support/frames.js';
import { guestEnd, SwitchProcess, switchProgram } from '../support/switch-process.js';
import { until } from '../support/until.js';

const plug: Order & { order: 'plug' } = {
  ...{ order: 'plug', port: 0, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1518, addresses: [], label: '' },
};

/** The next frame. */
async function frameAt(fd: number): Promise<Uint8Array> {
  for (;;) {
    const received = receive(fd, 0)._unsafeUnwrap();
    if (received.tag === 'message') return received.bytes;
    if (received.tag === 'end') throw new Error('the switch has closed the port');
    await delay(5);
  }
}

const root = process.geteuid?.() === 0;

t.test('ports come and go while frames flow', async (t) => {
  const it = new SwitchProcess(t);
  const broker = it.connect(t);
  // Who hears is a port before who speaks
  const [other, one] = [1, 0].map((port) =>
    guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, port, label: `grant=${port}` }, [ours])),
  ) as [ReturnType<typeof guestEnd>, ReturnType<typeof guestEnd>];
  const hello = frame(broadcast, station(1));
  send(one.fd, hello, [])._unsafeUnwrap();
  t.same(await frameAt(other.fd), hello);
  one.close();
  t.same((await broker.event()).event, { event: 'ended', port: 0 });
  const third = guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, port: 0, label: 'grant=2' }, [ours]));
  send(third.fd, hello, [])._unsafeUnwrap();
  t.same(await frameAt(other.fd), hello, 'a number that is free is used again');
  broker.order({ order: 'unplug', port: 1 });
  t.same((await broker.event()).event, { event: 'ended', port: 1 });
  // Its descriptor is closed, in no one's way
  await until(() => receive(other.fd, 0)._unsafeUnwrap().tag === 'end');
  it.child.kill('SIGTERM');
  t.equal(await it.ended, 0, it.stderr);
});

t.test('a broker that comes back is told what there is', async (t) => {
  const it = new SwitchProcess(t);
  const first = it.connect(t);
  const guest = guestEnd(t, 'seqpacket', (ours) =>
    first.order({ ...plug, port: 7, label: 'grant=7 network=lab' }, [ours]),
  );
  const other = guestEnd(t, 'seqpacket', (ours) => first.order({ ...plug, port: 8, label: 'grant=8' }, [ours]));
  first.connection.close();
  const second = it.connect(t);
  second.order({ order: 'list' });
  const { event, fds } = await second.event();
  t.match(event, { event: 'port', order: { port: 7, label: 'grant=7 network=lab', kind: 'dgram' } });
  t.equal(fds.length, 1);
  for (const fd of fds) fd.close();
  for (const fd of (await second.event()).fds) fd.close();
  t.same((await second.event()).event, { event: 'listed' });
  send(other.fd, frame(broadcast, station(8)), [])._unsafeUnwrap();
  t.ok(await frameAt(guest.fd), 'frames went on');
});

t.test('a broker that comes as another goes finds it, also without guests', async (t) => {
  const it = new SwitchProcess(t);
  const first = it.connect(t);
  first.order({ order: 'list' });
  t.same((await first.event()).event, { event: 'listed' });
  for (let before = first, round = 0; round < 5; round += 1) {
    // It hears of both at once, of the one that comes first
    it.child.kill('SIGSTOP');
    const next = it.connect(t);
    before.connection.close();
    it.child.kill('SIGCONT');
    next.order({ order: 'list' });
    t.same((await next.event()).event, { event: 'listed' });
    before = next;
  }
});

t.test('a broker hears of more ports than lie in its socket', async (t) => {
  const it = new SwitchProcess(t);
  const broker = it.connect(t);
  const ports = 600;
  for (let port = 0; port < ports; port += 1) {
    guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, port }, [ours]));
    if (port % 50 !== 49) continue;
    // Orders lie in the socket, too: this one is answered when those before it are carried out
    broker.order(plug);
    t.match((await broker.event()).event, { event: 'refused' });
  }
  broker.order({ order: 'list' });
  await delay(200);
  for (let port = 0; port < ports; port += 1) {
    const { event, fds } = await broker.event();
    for (const fd of fds) fd.close();
    if (event.event !== 'port' || event.order.port !== port) t.fail(`${port}: ${JSON.stringify(event)}`);
  }
  t.same((await broker.event()).event, { event: 'listed' });
});

t.test('what cannot be a port is told', async (t) => {
  const it = new SwitchProcess(t);
  const broker = it.connect(t);
  broker.order(plug);
  t.match((await broker.event()).event, { event: 'refused', port: 0, message: /without descriptors/ });
  const mine = { addresses: ['52:54:00:00:00:01' as Mac] };
  guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, ...mine }, [ours]));
  guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, ...mine }, [ours]));
  t.match((await broker.event()).event, { event: 'refused', port: 0, message: /in use/ });
  const third = guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, ...mine, port: 1 }, [ours]));
  t.match((await broker.event()).event, { event: 'refused', port: 1, message: /addresses/ });
  t.match(receive(third.fd, 0)._unsafeUnwrap(), { tag: 'end' });
  send(broker.connection.fd, Buffer.from('rubbish'), [])._unsafeUnwrap();
  t.match((await broker.event()).event, { event: 'said', message: /not understood/ });
  broker.order({ order: 'unplug', port: 0 });
  t.match(
    (await broker.event()).event,
    { event: 'ended', port: 0 },
    'what is not understood does not hold up the rest',
  );
  t.match(it.stderr, /not understood/);
});

t.test('a broker that does not read what it is told is left, and the next one served', async (t) => {
  const it = new SwitchProcess(t);
  const deaf = it.connect(t);
  const guest = guestEnd(t, 'seqpacket', (ours) => deaf.order(plug, [ours]));
  // Each is told to be none; the first error is that nobody is there any more
  await until(() =>
    send(deaf.connection.fd, Buffer.from('no order'), []).match(
      () => false,
      ({ code }) => code !== 'EAGAIN',
    ),
  );
  const next = it.connect(t);
  next.order({ order: 'list' });
  const { event, fds } = await next.event();
  t.match(event, { event: 'port', order: { port: 0 } });
  for (const fd of fds) fd.close();
  t.same((await next.event()).event, { event: 'listed' });
  next.connection.close();
  guest.close();
  t.equal(await it.ended, 0, 'without broker and guests it ends');
  t.match(it.stderr, /^fdbroker-switchd: the broker is left: sendmsg: EAGAIN/m);
});

t.test('it has no privilege', { skip: !root && 'not root: nobody gives it any' }, async (t) => {
  const it = new SwitchProcess(t);
  const broker = it.connect(t);
  broker.order({ order: 'list' });
  await broker.event();
  const status = readFileSync(`/proc/${it.child.pid}/status`, 'utf8');
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) t.match(status, new RegExp(`^${name}:\\s*0+$`, 'm'));
  t.match(status, /^NoNewPrivs:\s*1$/m);
  const flags = readFileSync(`/proc/${it.child.pid}/cmdline`, 'utf8').split('\0');
  t.ok(flags.includes('--max-semi-space-size=1'), 'and with a small young generation');
});

t.test('options', async (t) => {
  const run = (...args: string[]) => spawnSync(process.execPath, [switchProgram, ...args], { encoding: 'utf8' });
  t.match(run('--version'), { status: 0, stdout: /^fdbroker-switchd \d/ });
  t.match(run('--help'), { status: 0, stdout: /--broker USER/ });
  t.match(run('--verbose'), { status: 2, stderr: /--help lists the options/ });
  t.match(run('--broker', 'nobody-of-that-name'), { status: 2, stderr: /there is no user nobody-of-that-name/ });
  t.match(run(), { status: 2, stderr: /no socket was handed over/ });
});

t.test('it obeys the user that it is told, and root', { skip: !root && 'not root' }, async (t) => {
  const it = new SwitchProcess(t, [], ['--broker', 'daemon']);
  chmodSync(it.path, 0o777);
  chmodSync(dirname(it.path), 0o755);
  const asUser = (uid: string) =>
    spawnSync('socat', ['-u', 'OPEN:/dev/null', `UNIX-CONNECT:${it.path},type=5`], {
      uid: Number(uid),
      encoding: 'utf8',
    });
  t.equal(asUser('1').status, 0);
  asUser('65534');
  await until(() => /user 65534 is not the broker, and is sent away/.test(it.stderr));
  t.notMatch(it.stderr, /user 1 is not/);
});

t.test('in the manner that it is told, or not at all', async (t) => {
  const pinned = new SwitchProcess(t, [], ['--cpus', '0', '--busy-poll', '100']);
  const broker = pinned.connect(t);
  const [other, one] = [1, 0].map((port) =>
    guestEnd(t, 'seqpacket', (ours) => broker.order({ ...plug, port }, [ours])),
  ) as [ReturnType<typeof guestEnd>, ReturnType<typeof guestEnd>];
  send(one.fd, frame(broadcast, station(1)), [])._unsafeUnwrap();
  t.ok(await frameAt(other.fd));
  const threads = readdirSync(`/proc/${pinned.child.pid}/task`).map(
    (thread) =>
      /^Cpus_allowed_list:\t(.*)$/m.exec(readFileSync(`/proc/${pinned.child.pid}/task/${thread}/status`, 'utf8'))?.[1],
  );
  t.equal(threads.filter((list) => list === '0').length, 1, 'the one that carries frames');
  const nowhere = new SwitchProcess(t, [], ['--cpus', '1000']);
  t.equal(await nowhere.ended, 1);
  t.match(nowhere.stderr, /sched_setaffinity: EINVAL/);
});
