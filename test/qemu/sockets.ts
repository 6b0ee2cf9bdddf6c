/**
 * Guests on networks of UDP and TCP, against each of QEMU's own ends, in both roles. There are two: one whose networks are
 * the broker's, by exec and by attach, and one at the far end, whose are QEMU's own but for the last.
 */
import { join } from 'node:path';
import t from 'tap';
import { brokerConfig } from '../support/broker-config.js';
import { copyBuild, programParts } from '../support/copied-build.js';
import { until } from '../support/daemon.js';
import { fdbrokerProcess } from '../support/fdbroker.js';
import { Host, prepareHost } from '../support/host.js';
import { transfer } from '../support/transfer.js';

prepareHost();

interface Pair {
  /** The network of the broker's end. */
  readonly network: Readonly<Record<string, string>>;
  /** What the far end is given to -netdev. */
  readonly far: string;
  readonly form: 'dgram' | 'stream';
  /** Connects to the far end, so it is plugged into a guest that runs when that is there. */
  readonly connects?: true;
  /** Twenty megabytes pass each way. */
  readonly transfers?: true;
}

const inet = (kind: string, port: number) => `${kind}.type=inet,${kind}.host=127.0.0.1,${kind}.port=${port}`;
const at = (port: number) => `127.0.0.1:${port}`;
const udp = (local: number, remote: number) => ({ type: 'udp', local: at(local), remote: at(remote) });

const pairs: Readonly<Record<string, Pair>> = {
  dgram: {
    ...{ network: udp(7001, 7002), form: 'dgram', transfers: true },
    far: `dgram,${inet('local', 7002)},${inet('remote', 7001)}`,
  },
  'socket-udp': {
    ...{ network: udp(7003, 7004), form: 'dgram' },
    far: `socket,udp=${at(7003)},localaddr=${at(7004)}`,
  },
  'stream-client': {
    ...{ network: { type: 'tcp', listen: at(7011) }, form: 'stream', transfers: true },
    far: `stream,server=off,${inet('addr', 7011)}`,
  },
  'socket-connect': {
    ...{ network: { type: 'tcp', listen: at(7012) }, form: 'stream' },
    far: `socket,connect=${at(7012)}`,
  },
  // Both ends by the broker: one listens when the other connects
  near: { network: { type: 'tcp', listen: at(7013) }, form: 'stream', far: 'fdbroker,network=far' },
  'stream-server': {
    ...{ network: { type: 'tcp', connect: at(7021) }, form: 'stream', connects: true, transfers: true },
    far: `stream,server=on,${inet('addr', 7021)}`,
  },
  'socket-listen': {
    ...{ network: { type: 'tcp', connect: at(7022) }, form: 'stream', connects: true },
    far: `socket,listen=${at(7022)}`,
  },
};
const names = Object.keys(pairs);
const networks = Object.fromEntries(names.map((name) => [name, pairs[name]?.network ?? {}]));
const far = { type: 'tcp', connect: at(7013) };
const spare = { type: 'tcp', listen: at(7014) };
const host = await Host.start(t, brokerConfig({ networks: { ...networks, far, spare } }));

const monitor = join(host.daemon.folder, 'qmp');
const launcher = [process.execPath, join(copyBuild(t, programParts), 'src/bin/fdbroker.js'), 'exec', '--'];
const plugged = names.filter((name) => pairs[name]?.connects);
const [started, last] = [names.filter((name) => !pairs[name]?.connects && name !== 'near'), 'near'];
const ours = await host.guest({
  nics: started.map((name) => ({ netdev: `fdbroker,network=${name}` })),
  launcher,
  // What is transferred lies in the guests' memory
  memory: 256,
  extra: [
    ...['-netdev', `fdbroker,id=last,network=${last}`, '-device', 'virtio-net-pci,netdev=last,romfile='],
    ...['-qmp', `unix:${monitor},server=on,wait=off`],
  ],
});
const theirs = await host.guest({
  nics: names.map((name) => ({ netdev: pairs[name]?.far ?? '' })),
  launcher,
  memory: 256,
});

t.test('networks that connect are plugged in when the far end listens', async (t) => {
  const attach = (name: string) => {
    const words = ['attach', monitor, `--network=${name}`, `--id=${name}`, '--device=virtio-net-pci'];
    return fdbrokerProcess(words, { FDBROKER_SOCKET: host.daemon.socket });
  };
  for (const name of plugged) {
    t.match(await attach(name), { status: 0, stderr: '' });
    const nic = `/sys/class/net/eth${names.indexOf(name)}`;
    await ours.must(`until [ -e ${nic} ]; do sleep 0.1; done`);
  }
  t.match(await attach('spare'), { status: 1, stderr: /QEMU refuses: it takes no network that listens while it runs/ });
  t.same(
    (await host.ports()).filter(({ network }) => network === 'spare'),
    [],
  );
});

t.test('the grants are of QEMU', async (t) => {
  const ports = await host.portsOf(ours.pid);
  for (const name of names) {
    t.match(
      ports.filter(({ network }) => network === name),
      [{ form: pairs[name]?.form, ifname: null, holderName: 'qemu-system-x86' }],
    );
  }
  t.equal(ports.length, names.length);
  t.match(await host.portsOf(theirs.pid), [{ network: 'far', form: 'stream' }]);
  const { mac } = ports.find(({ network }) => network === last) ?? {};
  t.equal((await ours.must(`cat /sys/class/net/eth${names.indexOf(last)}/address`)).trim(), mac);
});

for (const [index, name] of names.entries()) {
  t.test(`${name}: they reach each other`, async (t) => {
    const [one, other] = [`10.7.${index}.1`, `10.7.${index}.2`];
    await ours.configure(`${one}/24`, `eth${index}`);
    await theirs.configure(`${other}/24`, `eth${index}`);
    t.equal(await ours.ping(other), 3);
    t.equal(await theirs.ping(one), 3);
    if (!pairs[name]?.transfers) return;
    await transfer(t, ours, theirs, other);
    await transfer(t, theirs, ours, one);
  });
}

t.test('they end with it', async (t) => {
  const grants = (await host.portsOf(ours.pid)).map(({ grant }) => grant);
  t.equal(grants.length, names.length);
  await ours.kill();
  for (const grant of grants) {
    t.match(await host.audited({ event: 'ended', grant }), { reason: 'its holder has ended' });
  }
  await theirs.quit();
  await until(async () => (await host.ports()).length === 0);
});
