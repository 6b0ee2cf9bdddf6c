import t from 'tap';
import { formatSwitch } from '../../src/cli/switch.js';
import { switchPort, switchReport } from '../support/switch-report.js';

t.test('an uplink that is lost', async (t) => {
  const since = Math.floor(Date.now() / 1000) - 3600;
  const lost = [{ network: 'lab', role: 'uplink' as const, since, reason: 'there is no interface eth0; name\u001b' }];
  const text = formatSwitch({ ...switchReport(1, [switchPort()]), lost }, () => undefined, false);
  t.match(text, /\n\nLOST +FOR {2}WHY\nuplink\/lab +1h00m {2}there is no interface eth0; name\\x1b\n/);
});

t.test('as people see it', async (t) => {
  const none = { grant: null, uid: null, mac: null, holder: null, since: null };
  const report = {
    ...switchReport(1, [
      switchPort({ port: 0, uplink: true, kind: 'qdes', ...none, addresses: 12, drops: { unverified: 5 } }),
      switchPort({ rxFrames: 10, rxBytes: 999, drops: { locked: 3, 'egress-full': 4 }, notLearned: 2, moves: 1 }),
      switchPort({ port: 2, grant: '5e6f7a8b', uid: 4242, txFrames: 1e9 }),
    ]),
    peers: [
      { network: 'lab', port: 0, address: '192.0.2.7:7755', named: true, age: 3, roundTrip: 180 },
      { network: 'lab', port: 0, address: '[2001:db8::7]:7755', named: false, age: null, roundTrip: null },
    ],
    addresses: [
      { address: '02:00:00:00:00:01', network: 'lab', port: 1, age: 75 },
      { address: '02:00:00:00:00:02', network: 'lab', port: 9, age: null },
    ],
  };
  const text = formatSwitch(report, (uid) => (uid === 1000 ? 'alice' : undefined), false);
  t.equal(
    text,
    `\
NETWORK  THREAD  PORTS  ADDRESSES
lab           0      3          1

PORT        NETWORK  KIND   USER   ADDRESSES  RX-FRAMES  RX-BYTES   TX-FRAMES  TX-BYTES  DROPPED
uplink/lab  lab      qdes   -             12          0         0           0         0        5
1a2b3c4d    lab      dgram  alice          1         10       999           0         0        7
5e6f7a8b    lab      dgram  4242           1          0         0  1000000000         0        0
uplink/lab: dropped 5 unverified; have all hosts of the network the same keys?
1a2b3c4d: dropped 3 locked, 4 egress-full; 2 frames from addresses that there was no room for; an address came here from another port 1 time

PEER                NETWORK  HEARD  ROUND-TRIP
192.0.2.7:7755      lab         3s      0.18ms
[2001:db8::7]:7755  lab      never           -

ADDRESS            NETWORK  BEHIND      AGE
02:00:00:00:00:01  lab      1a2b3c4d     1m
02:00:00:00:00:02  lab      ?         fixed
`,
  );
});
