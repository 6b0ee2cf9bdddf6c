import t from 'tap';
import { Egress } from '../../src/switchd/egress.js';

const slots = new Int32Array(2);
const peers = new Int32Array(2);

t.test('each port gets its frames in their order', async (t) => {
  const egress = new Egress(4, 8);
  t.equal(egress.waiting, 0);
  egress.push(3, 10, -1);
  egress.push(1, 10, -1);
  egress.push(3, 11, 5);
  egress.push(3, 12, 6);
  t.equal(egress.waiting, 2);
  t.same([egress.portAt(0), egress.portAt(1)], [3, 1]);
  t.equal(egress.take(3, slots, peers), 2);
  t.same([...slots, ...peers], [10, 11, -1, 5]);
  t.equal(egress.take(3, slots, peers), 1);
  t.same([slots[0], peers[0]], [12, 6]);
  t.equal(egress.take(3, slots, peers), 0);
  t.equal(egress.take(1, slots, peers), 1);
  t.equal(egress.take(2, slots, peers), 0);
});

t.test('room, and being emptied', async (t) => {
  const egress = new Egress(2, 3);
  t.ok(egress.hasRoom(3));
  egress.push(0, 1, 0);
  egress.push(1, 1, 0);
  t.ok(egress.hasRoom(1));
  t.notOk(egress.hasRoom(2));
  egress.clear();
  t.equal(egress.waiting, 0);
  t.ok(egress.hasRoom(3));
  t.equal(egress.take(0, slots, peers), 0);
});
