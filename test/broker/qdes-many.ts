/** 1,000 networks on one group and port, between two hosts. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { type QdesGuest, QdesHost, qdesConfig } from '../support/qdes-hosts.js';

inPrivateNamespace();
const networks = Array.from({ length: 1000 }, (_, i) => i);
const config = qdesConfig(Object.fromEntries(networks.map((i) => [`n${i}`, [`id = ${i * 65}`, 'group = 239.1.2.3']])));
const [one, two] = [await QdesHost.start(t, 1, config), await QdesHost.start(t, 2, config)];

t.test('each hears its own, by one socket a host', async (t) => {
  const here: QdesGuest[] = [];
  const there: QdesGuest[] = [];
  for (const i of networks) {
    here.push(await one.guest(`n${i}`));
    there.push(await two.guest(`n${i}`));
  }
  const said = networks.map((i) => frame(broadcast, station(i + 1)));
  const missing = new Set(networks);
  // What is lost, since the far end was not up or a queue was full, is said again
  for (let tries = 0; missing.size > 0; tries += 1) {
    for (const i of missing) {
      if (there[i]?.heard(said[i] as Uint8Array)) missing.delete(i);
      else if (tries % 20 === 0) here[i]?.say(said[i] as Uint8Array);
    }
    await delay(10);
  }
  await delay(50);
  const wrong = networks.filter((i) => {
    there[i]?.heard(said[i] as Uint8Array);
    const own = Buffer.from(said[i] as Uint8Array).toString('hex');
    return there[i]?.got.some((bytes) => bytes !== own);
  });
  t.same(wrong, [], 'nobody hears another network');
  t.equal(sockets(one), 1, 'the kernel copies no datagram for each network');
  for (const { fd } of [...here, ...there]) fd.close();
});

/** How many sockets of UDP there are in the host's namespace. */
function sockets({ far }: QdesHost): number {
  return far.run('ss -Hunl').trim().split('\n').length;
}
