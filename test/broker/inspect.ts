/** The verb switch: what a real broker and switch tell, and to whom. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readSwitch, type SwitchReport } from '../../src/client/inspect.js';
import { slabBytes } from '../../src/switchd/slots.js';
import { ask } from '../support/ask.js';
import { fdbroker, program } from '../support/fdbroker.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace, sh } from '../support/namespace.js';
import { noNobody } from '../support/nobody.js';
import { type StageGuest, SwitchStage, say } from '../support/switch-stage.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const folder = temporaryFolder(t);
const stage = await SwitchStage.start(t);
let [one, other, stranger] = [] as unknown as [StageGuest, StageGuest, StageGuest];

async function report(): Promise<SwitchReport> {
  return (await readSwitch(stage.daemon.socket))._unsafeUnwrap() as SwitchReport;
}

t.test('without a switch there is nothing', async (t) => {
  t.equal((await readSwitch(stage.daemon.socket))._unsafeUnwrap(), undefined);
  t.match(await fdbroker(['switch'], { env: stage.env }), { status: 0, stdout: '', stderr: /no port at the switch/ });
  t.same(await fdbroker(['switch', '--json'], { env: stage.env }), { status: 0, stdout: 'null\n', stderr: '' });
  const none = await fdbroker(['capture', 'lab', '-w', join(folder, 'none')], { env: stage.env });
  t.match(none, { status: 1, stderr: /has no port at the switch now/ });
  t.throws(() => statSync(join(folder, 'none')), 'no file is made');
});

t.test('what there is', async (t) => {
  [one, other, stranger] = [await stage.guest(), await stage.guest(), await stage.guest('other')];
  say(one, frame(broadcast, station(1)));
  say(other, frame(station(1), station(2)));
  say(other, frame(broadcast, station(3)).subarray(0, 10));
  await until(async () => (await report()).ports.some(({ drops }) => drops['too-short'] === 1));
  const { switch: facts, networks, ports, addresses } = await report();
  t.match(facts, { ports: 5, addresses: 2, mostPorts: 4096, slabs: facts.threads * slabBytes });
  t.ok(facts.threads >= 1 && facts.threads <= facts.mostThreads);
  t.same(networks, [
    { network: 'lab', thread: 0, ports: 2, addresses: 2 },
    { network: 'other', thread: facts.mostThreads > 1 ? 1 : 0, ports: 1, addresses: 0 },
  ]);
  t.match(
    ports.find(({ grant }) => grant === other.grant),
    { network: 'lab', kind: 'dgram', uplink: false, rxFrames: 2, txFrames: 1, drops: { 'too-short': 1 }, addresses: 1 },
  );
  t.match(
    ports.find(({ network, uplink }) => uplink && network === 'lab'),
    { kind: 'multicast', grant: null, uid: null, txFrames: 1 },
  );
  t.same(addresses.map(({ address }) => address).sort(), ['02:00:00:00:00:01', '02:00:00:00:00:02']);
  const { stdout } = await fdbroker(['switch'], { env: stage.env });
  for (const line of [
    /^lab +0 +2 +2$/m,
    new RegExp(`^${other.grant} +lab +dgram +root +1 +2 `, 'm'),
    /dropped 1 too-short/,
  ])
    t.match(stdout, line);
  const without = await ask(stage.daemon.socket, { verb: 'switch', addresses: false });
  t.equal(without.fds.length, 1);
  for (const fd of without.fds) fd.close();
});

t.test('who may see what', { skip: noNobody }, async (t) => {
  const nobody = (...args: string[]) =>
    spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, program, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...stage.env },
    });
  sh(`chmod 666 ${stage.daemon.socket}`);
  const seen = JSON.parse(nobody('switch', '--json').stdout) as SwitchReport;
  t.same(
    seen.ports.map(({ network, uplink }) => [network, uplink]),
    [
      ['lab', true],
      ['other', true],
    ],
    'uplinks, and no port of somebody else',
  );
  t.same(seen.addresses, []);
  t.same([seen.switch.ports, seen.switch.addresses], [null, null]);
  for (const [args, status, says] of [
    [['other'], 1, /no rule lets you capture the frames of network "other"/],
    [['nowhere'], 1, /no rule lets uid 65534 use network "nowhere"/],
    [['lan'], 1, /network "lan" is not carried by the switch/],
    [['lab', '--port', '0badbad0'], 1, /has no port of grant 0badbad0/],
    [['lab', '--port', stranger.grant], 1, /has no port of grant/],
    [['lab', '--count', '0'], 2, /--count takes a number/],
    [['La/b'], 2, /is not a network name/],
  ] as const) {
    const { status: got, stderr } = nobody('capture', ...args, '-w', join(folder, 'not-mine'));
    t.equal(got, status, stderr);
    t.match(stderr, says);
  }
  await until(() =>
    stage.daemon
      .audited()
      .some((line) => line['uid'] === 65_534 && line['network'] === 'lab' && line['event'] === 'refused'),
  );
});
