import t from 'tap';
import type { Mac } from '../../src/core/mac.js';
import {
  decodeEvent,
  decodeOrder,
  encodeEvent,
  encodeOrder,
  type Order,
  type PlugOrder,
  type SwitchEvent,
} from '../../src/protocol/switch-order.js';

const plug: PlugOrder = {
  ...{ port: 65_535, network: 7, kind: 'stream', uplink: false, isolated: true, locked: true },
  ...{ maxAddresses: 1024, maxFrame: 1518, floodRate: 1000, label: 'grant=7 network=lab' },
  addresses: ['52:54:00:00:00:01' as Mac, '52:54:00:00:00:02' as Mac],
};

t.test('there and back', async (t) => {
  const { floodRate: _, ...unlimited } = plug;
  const orders: Order[] = [
    { order: 'plug', ...plug },
    { order: 'plug', ...unlimited, addresses: [], isolated: false, uplink: true, locked: false, kind: 'dgram' },
    { order: 'plug', ...plug, kind: 'packet', vlan: 4094 },
    { order: 'plug', ...plug, bond: '4/7755/eth0' },
    { order: 'unplug', port: 0 },
    { order: 'list' },
    { order: 'report', account: 4_294_967_294, ports: 'all', addresses: true },
    { order: 'report', account: 0, ports: [0, 17, 65_535], addresses: false },
    { order: 'report', account: 0, ports: [], addresses: false },
    { order: 'capture', account: 1000, network: 7, port: 3, frames: 1, bytes: 1e12, seconds: 86_400 },
    { order: 'capture', account: 1000, network: 0, frames: 1, bytes: 1, seconds: 1 },
  ];
  for (const order of orders) t.same(decodeOrder(encodeOrder(order))._unsafeUnwrap(), order);
  const events: SwitchEvent[] = [
    { event: 'port', order: plug },
    { event: 'listed' },
    { event: 'said', message: 'a line' },
    { event: 'ended', port: 3 },
    { event: 'refused', port: 3, message: 'no room' },
  ];
  for (const event of events) t.same(decodeEvent(encodeEvent(event))._unsafeUnwrap(), event);
});

t.test('what is not understood', async (t) => {
  const good = encodeOrder({ order: 'plug', ...plug }).toString();
  for (const [from, to] of [
    ['order=plug', 'order=play'],
    ['order=plug\n', ''],
    ['port=65535', 'port=65536'],
    ['port=65535', 'port=-1'],
    ['network=7', 'network=seven'],
    ['kind=stream', 'kind=tun'],
    ['max-frame=1518', 'max-frame=70000'],
    ['max-addresses=1024', 'max-addresses='],
    ['addresses=52', 'addresses=53:54 52'],
    ['label=grant=7 network=lab\n', ''],
    ['fdbroker 1', 'fdbroker 2'],
  ] as const) {
    t.ok(good.includes(from), from);
    t.ok(decodeOrder(Buffer.from(good.replace(from, to))).isErr(), to);
  }
  for (const text of [
    'order=report\nports=all\n',
    'order=report\naccount=1\n',
    'order=report\naccount=1\nports=1 x\n',
    'order=capture\naccount=1\nnetwork=1\nframes=1\nbytes=1\n',
    'order=capture\naccount=1\nframes=1\nbytes=1\nseconds=1\n',
    'order=capture\naccount=1\nnetwork=1\nframes=1\nbytes=1\nseconds=1\nport=x\n',
  ]) {
    t.ok(decodeOrder(Buffer.from(`fdbroker 1\n${text}`)).isErr(), text);
  }
  for (const text of ['event=ended\n', 'event=ended\nport=x\n', 'event=flood\nport=1\n', 'port=1\n']) {
    t.ok(decodeEvent(Buffer.from(`fdbroker 1\n${text}`)).isErr(), text);
  }
});
