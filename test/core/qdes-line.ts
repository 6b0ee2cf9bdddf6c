import t from 'tap';
import { isIPv6Network, lineOf, socketOf } from '../../src/core/qdes-line.js';
import { qdesNetwork } from '../support/socket-networks.js';

t.test('what the switch is told of a network', async (t) => {
  const four = qdesNetwork({ peers: ['192.0.2.8'] });
  t.equal(socketOf(four), '4/7755/eth2');
  t.equal(socketOf(four, 7), '4/7755/7');
  t.notOk(isIPv6Network(four));
  t.same(lineOf(four, '4/7755/7'), {
    ...{ socket: '4/7755/7', id: 4242, encapsulation: 'qdes', port: 7755 },
    ...{ group: { address: '239.1.2.3', port: 7755 }, peers: [{ address: '192.0.2.8', port: 7755 }] },
  });
  const { group: _, ...six } = qdesNetwork({ peers: ['2001:db8::8'] });
  t.equal(socketOf(six), '6/7755/eth2');
  t.notOk('group' in lineOf(six, ''));
});
