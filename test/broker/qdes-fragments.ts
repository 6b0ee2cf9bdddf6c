/** Large frames between two hosts go in fragments of IP, of which a middle man loses some. */
import t from 'tap';
import { broadcast, frame, station } from '../support/frames.js';
import { fragmentOf, MiddleMan } from '../support/middle-man.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { heardBy } from '../support/qdes-forger.js';
import { type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const config = qdesConfig({
  four: ['id = 1', 'group = 239.1.2.3'],
  six: ['id = 1', 'port = 7756', 'group = ff15::1:2'],
});
const [one, two] = [await QdesHost.start(t, 1, config), await QdesHost.start(t, 2, config)];
sh('ip link set wire1 nomaster; ip link set wire2 nomaster');
const middleMan = new MiddleMan(t, ['wire1', 'wire2']);
const payload = (text: string, size = 46) => new Uint8Array(Buffer.from(text.padEnd(size, '.')));
const small = (text: string) => frame(station(3), station(1), payload(text));
const large = (text: string) => frame(station(3), station(1), payload(text, 1500));

async function meet(network: string): Promise<[QdesGuest, QdesGuest]> {
  const [a, b] = [await one.guest(network), await two.guest(network)];
  await heardBy(b, a, frame(broadcast, station(1), payload('one')));
  await heardBy(a, b, frame(station(1), station(3), payload('two')));
  return [a, b];
}

for (const network of ['four', 'six']) {
  t.test(`${network}: what is whole arrives, in order and unchanged`, async (t) => {
    const [a, b] = await meet(network);
    await heardBy(b, a, large('large, for a start'));
    const lost = { 'the first': 0, 'the last': 0 };
    let datagrams = 0;
    middleMan.passes = (packet, from) => {
      const fragment = from === 0 ? fragmentOf(packet) : undefined;
      if (fragment === undefined) return true;
      if (fragment.offset === 0) datagrams += 1;
      // Of every fifth one the first, and of the one after it the last
      if (datagrams % 5 === 0 && fragment.offset === 0) lost['the first'] += 1;
      else if (datagrams % 5 === 1 && fragment.last) lost['the last'] += 1;
      else return true;
      return false;
    };
    const [rounds, burst] = [20, 10];
    b.got.length = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (let i = 0; i < burst; i += 1) a.say(large(`${network} ${round} ${i}`));
      const end = small(`${network} end of ${round}`);
      a.say(end);
      // It went last, and waits for none of those before it
      await until(() => b.heard(end));
    }
    middleMan.passes = () => true;
    await heardBy(b, a, large('and after it'));
    const sent = Array.from({ length: rounds * burst }, (_, n) =>
      Buffer.from(large(`${network} ${Math.floor(n / burst)} ${n % burst}`)).toString('hex'),
    );
    const got = sent.filter((bytes) => b.got.includes(bytes));
    t.equal(datagrams, sent.length);
    t.same(lost, { 'the first': sent.length / 5, 'the last': sent.length / 5 });
    t.equal(got.length, (sent.length * 3) / 5);
    t.same(
      b.got.filter((bytes) => sent.includes(bytes)),
      got,
      'each of these once',
    );
    a.fd.close();
    b.fd.close();
  });
}

/** Bytes that the host's kernel holds of datagrams that are not whole. */
function held(): number {
  const memory = /^FRAG: inuse \d+ memory (\d+)$/m.exec(two.far.run('cat /proc/net/sockstat'))?.[1];
  return Number(memory);
}

t.test(
  'what never becomes whole takes so much of the kernel’s memory and no more, and small frames pass',
  async (t) => {
    const [a, b] = await meet('four');
    const most = Number(two.far.run('cat /proc/sys/net/ipv4/ipfrag_high_thresh'));
    const before = held();
    two.far.run('echo 2 >/proc/sys/net/ipv4/ipfrag_time');
    middleMan.passes = (packet) => fragmentOf(packet)?.last !== true;
    let highest = 0;
    for (let round = 0; round < 120; round += 1) {
      for (let i = 0; i < 40; i += 1) a.say(large(`never whole ${round} ${i}`));
      const end = small(`round ${round}`);
      a.say(end);
      await until(() => b.heard(end));
      highest = Math.max(highest, held());
    }
    // One more may come when it is nearly full
    t.ok(highest > most / 10 && highest < most + 100_000, `${highest} bytes, of ${most}`);
    middleMan.passes = () => true;
    // The kernel gives up on each after a while, thirty seconds where nobody has said two
    await heardBy(b, a, large('whole again'));
    await until(() => held() <= before);
    t.pass('it lets go of all');
    a.fd.close();
    b.fd.close();
  },
);
