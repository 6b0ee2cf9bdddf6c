import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';

t.test('what holds where nothing is said', async (t) => {
  for (const text of ['', '[broker]\n'])
    t.same(configOf(text).broker, { socketMode: 0o660, maxConnections: 256, spareTaps: 16 });
});

t.test('all keys', async (t) => {
  const text = `[broker]
socket-group = kvm        ; who may connect at all
socket-mode = 0666
admin-group = 10
audit-file = /var/log/fdbroker/audit.log
max-connections = 4096
spare-taps = 0
`;
  const expected = { socketGroup: 36, socketMode: 0o666, adminGroup: 10, maxConnections: 4096, spareTaps: 0 };
  t.same(configOf(text).broker, { ...expected, auditFile: '/var/log/fdbroker/audit.log' });
});

t.test('what is refused', async (t) => {
  const table: [string, RegExp][] = [
    ['socket-group = nobody-here', /^a.ini:2: socket-group: "nobody-here" is no group of this host/],
    ['socket-group = *', /^a.ini:2: socket-group: \* is for user\[\] alone/],
    ['socket-group[] = kvm', /^a.ini:2: socket-group is no list; write socket-group = kvm$/],
    ['socket-mode = 0777', /^a.ini:2: socket-mode: "0777" is not the mode of a socket/],
    ['admin-group = -1', /^a.ini:2: admin-group: "-1" is no group/],
    ['audit-file = audit.log', /^a.ini:2: audit-file: "audit.log" is not an absolute path/],
    ['max-connections = 0', /^a.ini:2: max-connections: "0" is not a number from 1 to 4096$/],
    ['max-connections = 4097', /is not a number from 1 to 4096$/],
    ['spare-taps = 17', /^a.ini:2: spare-taps: "17" is not a number from 0 to 16$/],
    ['socket-user = root', /^a.ini:2: socket-user is not a key of \[broker\]/],
    ['sokcet-mode = 0660', /did you mean socket-mode\?$/],
    ['user[] = ci', /^a.ini:2: user is not a key of \[broker\]/],
  ];
  for (const [line, expected] of table) {
    const errors = errorsOf(`[broker]\n${line}\n`);
    t.equal(errors.length, 1, line);
    t.match(errors[0], expected, line);
  }
});
