import t from 'tap';
import { configOf, errorsOf } from '../support/config-text.js';

const network = '[network lan]\ntype = bridge\nbridge = br0\n[network lab]\ntype = bridge\nbridge = br1\n';
const least = '[rule ci]\neffect = allow\nuser[] = ci\nnetwork[] = lan\n';

t.test('the least, and all keys', async (t) => {
  const plain = { name: 'ci', origin: { file: 'a.ini', line: 7 }, effect: 'allow', users: [1001], groups: [] };
  t.same(configOf(network + least).rules, [{ ...plain, networks: ['lan'], vhost: 'no' }]);
  const text = `[rule ci]
effect     = allow            ; or deny; a deny always wins
user[]     = ci               ; name, number, or * for anyone
user[]     = 4294967294
user[]     = *
group[]    = kvm              ; primary or supplementary, by the kernel's word
network[]  = lab
network[]  = lan
form[]     = tap              ; left out: every form
form[]     = dgram
max-ports  = 16               ; per user, over this rule's networks
max-queues = 4
vhost      = yes
mac        = 52:54:00:00:00:00/24
capture    = yes              ; whoever it matches may see frames
`;
  t.same(configOf(network + text).rules, [
    {
      ...plain,
      users: [1001, 4_294_967_294, '*'],
      groups: [36],
      networks: ['lab', 'lan'],
      forms: ['tap', 'dgram'],
      maxPorts: 16,
      maxQueues: 4,
      vhost: 'yes',
      mac: { base: 0x52_54_00_00_00_00n, length: 24 },
      capture: true,
    },
  ]);
});

t.test('a deny, for a group, on one form', async (t) => {
  const [rule] = configOf(
    `${network}[rule no]\neffect = deny\ngroup[] = kvm\nnetwork[] = lan\nform[] = socket\n`,
  ).rules;
  t.match(rule, { effect: 'deny', users: [], groups: [36], forms: ['socket'] });
});

t.test('what is refused', async (t) => {
  const table: [string, RegExp][] = [
    ['effect = allow', /^a.ini:11: effect was given in line 8 already/],
    ['user = alice', /^a.ini:11: user is a list; write user\[\] = alice$/],
    ['user[] = mallory', /^a.ini:11: user: "mallory" is no user of this host/],
    ['user[] = @kvm', /^a.ini:11: user: "@kvm" is no user/],
    ['user[] = ci', /^a.ini:11: user\[\] = ci was given in line 9 already/],
    ['group[] = *', /^a.ini:11: group: \* is for user\[\] alone/],
    ['groups[] = kvm', /did you mean group\?$/],
    ['network[] = wan', /^a.ini:11: network\[\] = wan: there is no such network; did you mean lan\?$/],
    ['network[] = elsewhere', /^a.ini:11: .*no such network; add a section \[network elsewhere\], or leave/],
    ['network[] = *', /^a.ini:11: network: "\*" is not a network name/],
    ['network[] = Lan', /^a.ini:11: network\[\] = Lan: there is no such network; did you mean lan\?$/],
    ['form[] = tun', /^a.ini:11: form: "tun" is not allowed; allowed is tap or dgram or stream or socket$/],
    ['max-ports = 0', /^a.ini:11: max-ports: "0" is not a number from 1 to 65535$/],
    ['max-ports = unlimited', /is not a number/],
    ['max-queues = 257', /from 1 to 256$/],
    ['vhost = on', /no or yes or auto$/],
    ['mac = 52:54:00', /^a.ini:11: mac: "52:54:00" is not a MAC prefix/],
    ['mac = fe:fd:00:00:00:00/16', /which the host's side uses/],
    ['bridge = br0', /^a.ini:11: bridge is not a key of \[rule\]/],
  ];
  for (const [line, expected] of table) {
    const errors = errorsOf(`${network}${least}${line}\n`);
    t.equal(errors.length, 1, line);
    t.match(errors[0], expected, line);
  }
});

t.test('what is missing', async (t) => {
  t.same(errorsOf('[rule ci]\n'), [
    'a.ini:1: [rule ci] has no effect; write effect = allow or effect = deny',
    'a.ini:1: [rule ci] is for nobody; write user[] = NAME or group[] = NAME, or user[] = * for anyone',
    'a.ini:1: [rule ci] has no network; write network[] = NAME for each that it is about',
  ]);
  const wrong = errorsOf(`${network}[rule ci]\neffect = permit\nuser[] = *\nnetwork[] = lan\n`);
  t.same(wrong, ['a.ini:8: effect: "permit" is not allowed; allowed is allow or deny']);
});

t.test('a deny gives nothing', async (t) => {
  for (const line of ['max-ports = 1', 'max-queues = 1', 'vhost = no', 'mac = 52:54:00:00:00:00/24', 'capture = yes']) {
    const errors = errorsOf(`${network}${least.replace('allow', 'deny')}${line}\n`);
    t.equal(errors.length, 1, line);
    t.match(
      errors[0],
      /^a.ini:11: (max-ports|max-queues|vhost|mac|capture) is for effect = allow; a deny gives nothing/,
      line,
    );
  }
});
