import t from 'tap';
import type { QdesLine } from '../../src/core/qdes-line.js';
import { Placement } from '../../src/switchd/placement.js';

const of = (network: number, socket?: string) => ({
  network,
  ...(socket === undefined ? {} : { line: { socket } as QdesLine }),
});

t.test('a network stays together, and another goes where there is least', async (t) => {
  const placement = new Placement(3);
  t.equal(placement.add(of(7)), 0);
  t.equal(placement.add(of(7)), 0, 'all its ports follow');
  t.equal(placement.add(of(8)), 1);
  t.equal(placement.add(of(9)), 2);
  t.equal(placement.add(of(9)), 2);
  t.equal(placement.add(of(10)), 1, 'of 2, 1 and 2 ports');
  placement.remove(of(7), 0);
  t.equal(placement.add(of(7)), 0, 'one of its ports was still there');
  placement.remove(of(7), 0);
  placement.remove(of(7), 0);
  t.equal(placement.add(of(11)), 0, 'of 0, 2 and 2 ports');
  t.equal(placement.add(of(12)), 0, 'of 1, 2 and 2');
  t.equal(placement.add(of(7)), 0, 'of several as good the first; the network itself was forgotten');
});

t.test('networks that share a socket stay together', async (t) => {
  const placement = new Placement(2);
  for (let network = 0; network < 5; network += 1) t.equal(placement.add(of(network, 'a socket')), 0);
  t.equal(placement.add(of(3)), 0, 'and so do their guests');
  t.equal(placement.add(of(9)), 1);
  t.equal(placement.add(of(9, 'a socket')), undefined, 'it would be torn');
  t.equal(placement.add(of(9, 'another')), 1);
  placement.remove(of(9), 1);
  placement.remove(of(9, 'another'), 1);
  t.equal(placement.add(of(9, 'a socket')), 0, 'a network that was away is bound to nothing');
});

t.test('networks that may come to share a socket stay together before they do', async (t) => {
  const placement = new Placement(2);
  const bound = (network: number, bond = '4/7755/eth0') => ({ network, bond });
  t.same([placement.add(bound(1)), placement.add(bound(2)), placement.add(bound(3, '4/1/eth0'))], [0, 0, 1]);
  t.equal(placement.add({ ...of(2, '4/7755/3'), bond: '4/7755/eth0' }), 0, 'the uplink of one');
  t.equal(placement.add({ ...of(1, '4/7755/3'), bond: '4/7755/eth0' }), 0);
  t.equal(placement.add({ ...of(4, '4/7755/3'), bond: '4/7755/alias' }), 0, 'by another name of the interface');
});

t.test('a thread that cannot be had', async (t) => {
  const placement = new Placement(3);
  t.equal(placement.add(of(1)), 0);
  t.equal(placement.add(of(2)), 1);
  placement.close(1);
  placement.remove(of(2), 1);
  t.equal(placement.add(of(2)), 2);
  for (let network = 3; network < 9; network += 1) t.not(placement.add(of(network)), 1);
});

t.test('one thread has everything', async (t) => {
  const placement = new Placement(1);
  for (let network = 0; network < 9; network += 1) t.equal(placement.add(of(network, `socket ${network % 2}`)), 0);
});
