/** A grant ends with its guest, however that ends. */
import t from 'tap';
import { grantedTaps } from '../support/granted-taps.js';
import type { Guest } from '../support/guest.js';
import { Host, prepareHost } from '../support/host.js';

prepareHost();
const host = await Host.start(t);

const ends: { name: string; end: (guest: Guest) => Promise<void> }[] = [
  { name: 'powered off from inside', end: powerOff },
  { name: 'ended by the monitor', end: (guest) => guest.quit() },
  { name: 'killed', end: (guest) => guest.kill() },
];

for (const { name, end } of ends) {
  t.test(name, async (t) => {
    const guest = await host.guest();
    const [port] = await host.portsOf(guest.pid);
    await end(guest);
    // However long it takes: the limit is that of the test
    const line = await host.audited({ event: 'ended', grant: port?.grant });
    t.match(line, { holder: guest.pid, ifname: port?.ifname, reason: /./ });
    t.same(await host.ports(), []);
    t.same(grantedTaps(), [], 'the tap is gone');
  });
}

async function powerOff(guest: Guest): Promise<void> {
  await guest.run('poweroff -f').catch(() => {});
  await guest.ended;
}
