import t from 'tap';
import { formatPorts, type NamedPort } from '../../src/cli/ports.js';
import { fdbroker } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

const port: NamedPort = {
  grant: '1a2b3c4d',
  uid: 1000,
  user: 'alice',
  gid: 1000,
  network: 'lan',
  form: 'tap',
  ifname: 'fdb1a2b3c4d',
  ifindex: 7,
  queues: 1,
  mac: '52:54:00:6b:12:9e',
  mtu: 1500,
  holder: 4242,
  holderName: 'qemu-system-x86',
  since: 1_000_000,
  state: 'up',
};

t.test('as people see them', async (t) => {
  const others: NamedPort[] = [
    { ...port, grant: '5e6f7a8b', ifname: 'fdb5e6f7a8b', user: null, uid: 4_294_967_294, state: 'quarantined' },
    { ...port, holder: 77, holderName: '\u001b]0;x', state: 'unheld', since: 999_000 },
    { ...port, holder: 0, holderName: null },
    { ...port, form: 'dgram', ifname: null, ifindex: null },
    { ...port, holder: 78, holderName: null },
  ];
  const expected = `\
GRANT     USER        NETWORK  FORM   INTERFACE    MAC                STATE        AGE  HOLDER
1a2b3c4d  alice       lan      tap    fdb1a2b3c4d  52:54:00:6b:12:9e  up           30s  4242 qemu-system-x86
5e6f7a8b  4294967294  lan      tap    fdb5e6f7a8b  52:54:00:6b:12:9e  quarantined  30s  4242 qemu-system-x86
1a2b3c4d  alice       lan      tap    fdb1a2b3c4d  52:54:00:6b:12:9e  unheld       17m  77 \\x1b]0;x
1a2b3c4d  alice       lan      tap    fdb1a2b3c4d  52:54:00:6b:12:9e  up           30s  ?
1a2b3c4d  alice       lan      dgram  -            52:54:00:6b:12:9e  up           30s  4242 qemu-system-x86
1a2b3c4d  alice       lan      tap    fdb1a2b3c4d  52:54:00:6b:12:9e  up           30s  78 ?
`;
  t.equal(formatPorts([port, ...others], 1_000_030, false), expected);
});

t.test('none', async (t) => {
  using server = new ScriptedServer(({ ok }) => ok({ data: '[]' })).start();
  const world = { env: { FDBROKER_SOCKET: server.path } };
  t.match(await fdbroker(['ports'], world), { status: 0, stdout: '', stderr: /^fdbroker: no port/ });
  t.same(await fdbroker(['ports', '--json'], world), { status: 0, stdout: '[]\n', stderr: '' });
});

t.test('owners get their names', async (t) => {
  const { user: _, ...root } = { ...port, uid: 0 };
  const ports = [root, { ...root, grant: '5e6f7a8b', uid: 4_294_967_294 }];
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(ports) })).start();
  const { stdout } = await fdbroker(['ports', '--json'], { env: { FDBROKER_SOCKET: server.path } });
  t.same(JSON.parse(stdout), [
    { ...ports[0], user: 'root' },
    { ...ports[1], user: null },
  ]);
});
