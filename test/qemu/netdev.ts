/** What QEMU is given for each kind of grant. */
import t from 'tap';
import { type Backend, commaField, commaNetdev, monitorNetdev, objectNetdev } from '../../src/qemu/netdev.js';

const grant = { form: 'tap', mac: '52:54:00:00:00:01', mtu: 1500, server: false, fds: ['3'], vhostFds: [] } as const;

const cases: [backend: Backend, comma: string, object: object][] = [
  [grant, 'tap,id=n0,fd=3', { type: 'tap', id: 'n0', fd: '3' }],
  [{ ...grant, fds: ['3', '4'] }, 'tap,id=n0,fds=3:4', { type: 'tap', id: 'n0', fds: '3:4' }],
  [
    { ...grant, vhostFds: ['5'] },
    'tap,id=n0,fd=3,vhost=on,vhostfd=5',
    { type: 'tap', id: 'n0', fd: '3', vhost: true, vhostfd: '5' },
  ],
  [
    { ...grant, fds: ['3', '4'], vhostFds: ['5', '6'] },
    'tap,id=n0,fds=3:4,vhost=on,vhostfds=5:6',
    { type: 'tap', id: 'n0', fds: '3:4', vhost: true, vhostfds: '5:6' },
  ],
  [
    { ...grant, form: 'dgram' },
    'dgram,id=n0,local.type=fd,local.str=3',
    { type: 'dgram', id: 'n0', local: { type: 'fd', str: '3' } },
  ],
  [
    { ...grant, form: 'stream' },
    'stream,id=n0,addr.type=fd,addr.str=3',
    { type: 'stream', id: 'n0', addr: { type: 'fd', str: '3' } },
  ],
  [
    { ...grant, form: 'stream', server: true },
    'stream,id=n0,addr.type=fd,addr.str=3,server=on',
    { type: 'stream', id: 'n0', addr: { type: 'fd', str: '3' }, server: true },
  ],
];
for (const [backend, comma, object] of cases) {
  t.equal(commaNetdev('n0', backend), comma);
  t.same(objectNetdev('n0', backend), object);
}
t.equal(commaNetdev(undefined, grant), 'tap,fd=3');
t.equal(commaNetdev('a,b', grant), 'tap,id=a,,b,fd=3');
t.throws(() => commaNetdev('n0', { ...grant, form: 'socket' }));
t.same([commaField('k', true), commaField('k', false), commaField('k', 3)], ['k=on', 'k=off', 'k=3']);

t.same(monitorNetdev('n0', grant), objectNetdev('n0', grant));
t.same(monitorNetdev('n0', { ...grant, form: 'stream', fds: ['a'] }), { type: 'socket', id: 'n0', fd: 'a' });
t.equal(monitorNetdev('n0', { ...grant, form: 'stream', server: true }), undefined, 'there is no way');
