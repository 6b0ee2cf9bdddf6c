/** One switch of three hosts, each a namespace with a broker and a switch of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { ask, dataOf } from '../support/ask.js';
import { DatagramPeer } from '../support/datagram-peer.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { until } from '../support/until.js';

inPrivateNamespace();

const numbers = [1, 2, 3] as const;
const others = (own: number, address: string) => numbers.filter((n) => n !== own).map((n) => `peer[] = ${address}${n}`);

const hosts = await Promise.all(
  numbers.map((n) =>
    QdesHost.start(
      t,
      n,
      qdesConfig({
        group4: ['id = 4242', 'group = 239.1.2.3'],
        neighbour: ['id = 4243', 'group = 239.1.2.3'],
        group6: ['id = 4242', 'group = ff15::1:2'],
        peers4: ['id = 1', 'port = 7756', ...others(n, '192.0.2.')],
        peers6: ['id = 1', 'port = 7756', ...others(n, '2001:db8::')],
        vxlan: ['id = 70000', 'encapsulation = vxlan', 'group = 239.1.2.3'],
        strict: ['id = 1', 'port = 7757', 'fragment = no', 'mtu = 1500', 'group = 239.1.2.3'],
      }),
    ),
  ),
);
const [one, two, three] = hosts as [QdesHost, QdesHost, QdesHost];

/** Says a frame again until it is heard: the first ones come before the far end is up. */
async function heard(by: QdesGuest, from: QdesGuest, bytes: Uint8Array): Promise<void> {
  for (let tries = 0; !by.heard(bytes); tries += 1) {
    if (tries % 10 === 0) from.say(bytes);
    await delay(10);
  }
}

const payload = (text: string) => new Uint8Array(Buffer.from(text.padEnd(46)));

for (const network of ['group4', 'group6', 'peers4', 'peers6', 'vxlan']) {
  t.test(`${network}: broadcast to all, unicast on the wire to the one host alone`, async (t) => {
    const [a, near, b, c] = [
      await one.guest(network),
      await one.guest(network),
      await two.guest(network),
      await three.guest(network),
    ];
    const stranger = await two.guest('neighbour');
    const hello = frame(broadcast, station(1), payload(`all of ${network}`));
    for (const guest of [near, b, c]) await heard(guest, a, hello);
    await heard(a, b, frame(station(1), station(2), payload('back')));
    await heard(a, c, frame(station(1), station(3), payload('back')));

    const wires = hosts.map((host) => host.watch(t));
    const secret = frame(station(2), station(1), payload(`for one of ${network}`));
    await heard(b, a, secret);
    const answer = frame(station(1), station(2), payload(`an answer of ${network}`));
    await heard(a, b, answer);
    for (const bytes of [secret, answer]) {
      t.ok((wires[0]?.count(bytes) ?? 0) > 0);
      t.ok((wires[1]?.count(bytes) ?? 0) > 0);
      t.equal(wires[2]?.count(bytes), 0, 'not on the wire of the third');
      t.notOk(near.heard(bytes), 'nor to a neighbour');
      t.notOk(c.heard(bytes));
    }
    t.notOk(a.heard(hello), 'nobody hears himself');
    t.notOk(stranger.heard(hello), 'nobody of another network hears it');
    t.same(stranger.got, []);

    b.fd.close();
    const after = frame(station(2), station(1), payload(`after the bye of ${network}`));
    if (network !== 'vxlan') {
      await heard(c, a, after);
      t.pass('who leaves says so, and what was behind it is for all again');
    }
    for (const guest of [a, near, c, stranger]) guest.fd.close();
    for (const host of hosts)
      await until(async () => dataOf(await ask(host.daemon.socket, { verb: 'ports' })).length === 0);
  });
}

t.test('nothing is learned of what is not understood, nor of an id that nobody here has', async (t) => {
  const [a, b] = [await one.guest('group4'), await two.guest('group4')];
  await heard(b, a, frame(broadcast, station(1), payload('first')));
  await heard(a, b, frame(station(1), station(2), payload('first')));
  const liar = await DatagramPeer.start(t, three.far, { port: 50_000, encoding: 'hex' });
  const lie = Buffer.from(frame(station(1), station(2), payload('a lie'))).toString('hex');
  for (const header of [
    '20001092c0ffee01',
    '10011092c0ffee01',
    '14001092c0ffee01',
    '10001094c0ffee01',
    '0800000000109200',
  ]) {
    liar.send(header + lie, '192.0.2.1', 7755);
  }
  liar.send('1000', '192.0.2.1', 7755);
  const wire = three.watch(t);
  const last = frame(station(2), station(1), payload('to where it was'));
  await delay(50);
  await heard(b, a, last);
  t.equal(wire.count(last), 0);
  t.notOk(a.heard(Buffer.from(lie, 'hex')));
  a.fd.close();
  b.fd.close();
});

t.test('frames of 1514 bytes go in fragments, or, where these are off, nowhere', async (t) => {
  const large = (text: string) => frame(broadcast, station(1), new Uint8Array(1500).fill(text.charCodeAt(0)));
  const small = frame(broadcast, station(1), payload('small'));
  const [a, b] = [await one.guest('group4'), await two.guest('group4')];
  await heard(b, a, large('x'));
  const [strictA, strictB] = [await one.guest('strict'), await two.guest('strict')];
  await heard(strictB, strictA, small);
  strictA.say(large('y'));
  strictA.say(frame(broadcast, station(1), payload('smaller')));
  await heard(strictB, strictA, frame(broadcast, station(1), payload('smallest')));
  t.notOk(strictB.heard(large('y')));
  t.ok(strictB.got.length >= 2);
  for (const guest of [a, b, strictA, strictB]) guest.fd.close();
});

t.test('what the broker says of it', async (t) => {
  const rows = dataOf(await ask(one.daemon.socket, { verb: 'networks' })) as unknown as Record<string, unknown>[];
  const of = (name: string) => rows.find((row) => row['name'] === name);
  t.match(of('group4'), { on: '239.1.2.3:7755%eth0 id 4242', mtu: 1450, caution: /because it has no key/ });
  t.match(of('group6'), { on: '[ff15::1:2]:7755%eth0 id 4242', mtu: 1430 });
  t.match(of('peers4'), { on: 'port 7756%eth0 id 1, 2 peers', mtu: 1450, problem: null });
});

t.test('no link ends with a process of ours, and a port is whose it was', async (t) => {
  const [a, b] = [await one.guest('group4'), await two.guest('group4')];
  await heard(b, a, frame(broadcast, station(1), payload('before')));
  await one.daemon.kill('SIGKILL');
  await heard(b, a, frame(broadcast, station(1), payload('without a broker')));
  await one.startBroker();
  // On the socket that the switch has, and that this broker never made
  const [c, d] = [await one.guest('neighbour'), await two.guest('neighbour')];
  await heard(d, c, frame(broadcast, station(3), payload('by the same socket')));
  await heard(a, b, frame(station(1), station(2), payload('after')));
  t.notOk(
    b.got.some((bytes) => d.got.includes(bytes)),
    'each network has its own',
  );
  for (const guest of [a, b, c, d]) guest.fd.close();
});
