import t from 'tap';
import { PortEnds } from '../../src/switchd/port-ends.js';

const told: number[] = [];
const ends = new PortEnds({ ended: (port) => told.push(port) });
ends.hangUp(3);
t.same([ends.hasHungUp(3), ends.hasHungUp(4)], [true, false]);
ends.end(3);
ends.end(3);
ends.end(4);
t.same(told, [3, 4], 'each once');
t.notOk(ends.hasHungUp(3), 'it is not waited for');
ends.hangUp(4);
ends.forget(3);
ends.forget(4);
t.notOk(ends.hasHungUp(4));
ends.end(3);
t.same(told, [3, 4, 3], 'another port of that number is told of again');
