/** Ports that a switch gets as it has room for them. */
import { err, ok } from 'neverthrow';
import t from 'tap';
import { Replug } from '../../src/broker/replug.js';
import type { SwitchPort } from '../../src/broker/switch-ports.js';
import type { Order, PlugOrder } from '../../src/protocol/switch-order.js';
import { name } from '../support/policy.js';
import { until } from '../support/until.js';

function portOf(number: number): SwitchPort {
  const order: PlugOrder = {
    ...{ port: number, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
    ...{ maxAddresses: 1, maxFrame: 1518, addresses: [], label: '' },
  };
  return { order, fds: [], network: name('lab'), account: 1000, role: undefined, leaving: false };
}

/** @param room orders that have room at once, until somebody reads. */
function stage(room: number, code = 'EAGAIN') {
  const ports = new Map(Array.from({ length: 10 }, (_, number) => [number, portOf(number)]));
  const [plugged, gone]: [number[], number[]] = [[], []];
  let left = room;
  const link = {
    send: (order: Order) => {
      if (left === 0) return err({ tag: 'sys', call: 'sendmsg', code, errno: 11 } as const);
      left -= 1;
      if (order.order === 'plug') plugged.push(order.port);
      return ok();
    },
  };
  const replug = new Replug(
    link,
    (port) => ports.get(port.order.port) === port,
    (port) => gone.push(port.order.port),
  );
  const read = (orders: number) => {
    left = orders;
  };
  return { replug, ports, plugged, gone, read };
}

t.test('as many as have room, and the others later', async (t) => {
  const { replug, ports, plugged, gone, read } = stage(3);
  replug.start([...ports.values()]);
  t.same(plugged, [0, 1, 2]);
  ports.delete(4);
  (ports.get(5) as SwitchPort).leaving = true;
  read(100);
  await until(() => plugged.length === 8);
  t.same(plugged, [0, 1, 2, 3, 6, 7, 8, 9], 'but for those that are none any more');
  t.same(gone, [5], 'and those that were on their way out, of which the switch never heard');
});

t.test('another start takes the place of the one before, and an end ends it', async (t) => {
  const { replug, ports, plugged, read } = stage(1);
  replug.start([...ports.values()]);
  read(2);
  replug.start([ports.get(8), ports.get(9)] as SwitchPort[]);
  t.same(plugged, [0, 8, 9]);
  read(0);
  replug.start([...ports.values()]);
  replug[Symbol.dispose]();
  read(100);
  replug.start([ports.get(3)] as SwitchPort[]);
  t.same(plugged, [0, 8, 9, 3]);
});

t.test('a switch that cannot be told is lost, and nothing waits for it', async (t) => {
  const { replug, ports, plugged } = stage(2, 'EPIPE');
  replug.start([...ports.values()]);
  t.same(plugged, [0, 1]);
});
