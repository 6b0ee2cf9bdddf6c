import t from 'tap';
import type { Network } from '../../src/core/config.js';
import { forms } from '../../src/core/form.js';
import { offeredForms, whyNotOffered } from '../../src/core/offered-forms.js';
import { bridgeNetwork } from '../support/policy.js';
import { multicastNetwork, packetNetwork, tcpNetwork, udpNetwork } from '../support/socket-networks.js';

const all: [Network, ...string[]][] = [
  [bridgeNetwork(), 'tap'],
  [udpNetwork(), 'dgram', 'socket'],
  [tcpNetwork('listen'), 'stream', 'socket'],
  [packetNetwork({ bare: true }), 'dgram', 'stream', 'tap', 'socket'],
  [packetNetwork({ bare: false }), 'dgram', 'stream', 'tap'],
  [multicastNetwork(), 'dgram', 'stream', 'tap', 'socket'],
];

t.test('known forms, the one for QEMU first, and a reason for each of the others', async (t) => {
  for (const [network, ...offered] of all) {
    t.same(offeredForms(network), offered, network.type);
    for (const form of forms) t.equal(whyNotOffered(network, form) === undefined, offered.includes(form));
  }
});

t.test('what is said', async (t) => {
  const said = (network: Network, form: (typeof forms)[number]) => {
    const { why, advice } = whyNotOffered(network, form) ?? { why: '', advice: '' };
    return `${why}; ${advice}`;
  };
  t.equal(
    said(udpNetwork(), 'tap'),
    'network "lan" is of type udp, which offers dgram, socket and not tap; ask for form dgram or socket; ' +
      'for QEMU fdbroker exec does',
  );
  t.equal(
    said(packetNetwork({ bare: false }), 'socket'),
    'network "lan" is of type packet without bare = yes and hands out no bare socket, because its holder can reach ' +
      "every interface of the broker's network namespace; where its users may do that, the administrator writes " +
      'bare = yes in its section',
  );
});
