/** A million datagrams of anybody's making, at an uplink of QDES and the switch behind it. */
import t from 'tap';
import { addressSize, FrameIo } from '../../src/kernel/frame-io.js';
import { headerSize } from '../../src/switch/qdes/header.js';
import { Switch } from '../../src/switch/switch.js';
import { QdesPort } from '../../src/switchd/qdes-port.js';
import { QdesSockets } from '../../src/switchd/qdes-socket.js';
import { randomNumbers } from '../support/random.js';

const port = 7755;
const id = 4242;
const group = { address: '239.1.2.3', port };
/** Replies go nowhere. */
const noSocket = -1;
const hosts = 300;
const room = 256;

function uplink(encapsulation: 'qdes' | 'vxlan'): QdesPort {
  const socket = new QdesSockets<QdesPort>().of('s');
  const made = new QdesPort(noSocket, 1522, { socket: 's', id, encapsulation, port, group, peers: [] }, socket);
  made.join(1);
  return made;
}

for (const encapsulation of ['qdes', 'vxlan'] as const) {
  t.test(`${encapsulation}: nothing is thrown, and only frames of the network are learned from`, async (t) => {
    const random = randomNumbers(encapsulation.length);
    const io = new FrameIo([{ slots: 1, room: 2048 }]);
    const it = new Switch({ ports: 2, addresses: 4096, ageing: 300 });
    const about = { network: 0, isolated: false, locked: false, maxAddresses: 4096, maxFrame: 1522, addresses: [] };
    for (const number of [0, 1])
      it.add(number, { ...about, uplink: number === 1, floodRate: Number.POSITIVE_INFINITY }, 0);
    const qdes = uplink(encapsulation);
    const [bytes, start] = [io.bytesOf(0), io.start[0] as number];
    const at = start - headerSize;
    const first = encapsulation === 'qdes' ? [0x10, 0, id >>> 8, id & 0xff] : [8, 0, 0, 0, 0, id >>> 8, id & 0xff, 0];
    /** The bytes that say what it is; others of VXLAN are reserved. */
    const read = encapsulation === 'qdes' ? [0, 1, 2, 3] : [0, 4, 5, 6];
    let [wrong, taken, learned] = [0, 0, 0];
    for (let i = 0; i < 500_000; i += 1) {
      for (let k = 0; k < 32; k += 1) bytes[at + k] = random(256);
      // Most would fail at the first bytes
      if (random(3) !== 0) for (const [k, byte] of first.entries()) bytes[at + k] = byte;
      if (random(4) === 0) bytes[at] = (bytes[at] as number) ^ random(8);
      io.length[0] = [random(20) - 1, 8, 60, 2049][random(4)] as number;
      io.address.fill(0, 0, addressSize);
      io.address.set([2, 0, port >>> 8, port & 0xff, 10, 0, random(2), random(hosts / 2)]);
      const frame = (io.length[0] as number) >= 0 && read.every((k) => bytes[at + k] === first[k]);
      const before = it.fdb.size;
      const peer = qdes.accept(io, 0);
      if (peer >= 0) {
        taken += 1;
        if (!frame || qdes.ingress !== 1) wrong += 1;
        it.pass(1, peer, bytes, start, io.length[0] as number, 1);
      }
      learned += it.fdb.size - before;
      if (peer < 0 && it.fdb.size !== before) wrong += 1;
    }
    t.equal(wrong, 0);
    t.ok(taken > 10_000, `${taken} are frames`);
    t.ok(learned > 100 && it.fdb.size === learned);
    t.ok(qdes.peers.size <= room);
  });
}
