/** A million frames of random bytes: nothing is thrown, and nothing is learned from what is no frame. */
import t from 'tap';
import { readSlot } from '../../src/switch/fdb.js';
import { isStationAddress } from '../../src/switch/frame.js';
import { Switch } from '../../src/switch/switch.js';
import { randomNumbers } from '../support/random.js';

const seed = Date.now() & 0x7fff_ffff;

t.test(`a million frames, seed ${seed}`, async (t) => {
  const random = randomNumbers(seed);
  const it = new Switch({ ports: 16, addresses: 4096, ageing: 300 });
  const settings = { network: 0, maxFrame: 100, floodRate: Number.POSITIVE_INFINITY, maxAddresses: 500 };
  for (let port = 0; port < 16; port += 1) {
    const kind = { uplink: port % 5 === 0, isolated: port % 3 === 0, locked: port % 7 === 0 };
    t.ok(it.add(port, { ...settings, ...kind, network: port % 2, untagged: port % 4 === 0, addresses: [] }, 0));
  }
  const bytes = new Uint8Array(160);
  let wrong = 0;
  for (let i = 0; i < 1_000_000; i += 1) {
    for (let k = 0; k < 5; k += 1) bytes[random(bytes.length)] = random(4) === 0 ? 0 : random(256);
    const [port, at, length] = [random(16), random(20), random(130)];
    const before = it.fdb.size;
    const count = it.pass(port, 0, bytes, at, length, i / 1000);
    const isFrame = length >= 14 && length <= settings.maxFrame && isStationAddress(bytes, at + 6);
    if (!isFrame && (count > 0 || it.fdb.size !== before)) wrong += 1;
    for (let k = 0; k < count; k += 1) {
      const egress = it.egress[k] as number;
      if (egress === port || it.ports.networkOf(egress) !== it.ports.networkOf(port)) wrong += 1;
    }
    if (i % 1000 === 0) it.sweep(64, i / 1000);
  }
  t.equal(wrong, 0);
  for (let slot = 0; slot < it.fdb.slots; slot += 1) {
    const seen = readSlot(it.fdb.memory, slot);
    if (seen !== undefined && !isStationAddress(seen.address, 0)) t.fail(`slot ${slot}`);
  }
  const learned = Array.from({ length: 16 }, (_, port) => it.ports.addressesOf(port)).reduce((sum, own) => sum + own);
  t.equal(learned, it.fdb.size, 'each address is counted at its port');
});
