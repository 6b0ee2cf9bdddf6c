import t from 'tap';
import {
  isGroupAddress,
  isReservedAddress,
  isStationAddress,
  isTagged,
  typeAt,
  vlanAt,
} from '../../src/switch/frame.js';
import { broadcast, frame, macBytes, station, tagged } from '../support/frames.js';

t.test('addresses', async (t) => {
  for (const [text, group, reserved, aStation] of [
    ['52:54:00:00:00:01', false, false, true],
    ['00:00:00:00:00:00', false, false, false],
    ['00:00:00:00:00:01', false, false, true],
    ['ff:ff:ff:ff:ff:ff', true, false, false],
    ['01:00:5e:00:00:01', true, false, false],
    ['33:33:00:00:00:01', true, false, false],
    ['01:80:c2:00:00:00', true, true, false],
    ['01:80:c2:00:00:0f', true, true, false],
    ['01:80:c2:00:00:10', true, false, false],
    ['01:80:c2:00:01:00', true, false, false],
  ] as const) {
    const bytes = Uint8Array.of(0xaa, ...macBytes(text));
    t.same(
      [isGroupAddress(bytes, 1), isReservedAddress(bytes, 1), isStationAddress(bytes, 1)],
      [group, reserved, aStation],
      text,
    );
  }
});

t.test('types and tags', async (t) => {
  const plain = frame(broadcast, station(1));
  t.equal(typeAt(plain, 0), 0x0800);
  t.equal(vlanAt(plain, 0, plain.length), 0);
  const one = tagged(0x7ea, plain);
  t.equal(typeAt(one, 0), 0x8100);
  t.equal(vlanAt(one, 0, one.length), 0x7ea);
  t.equal(vlanAt(one, 0, 17), 0, 'the tag is cut off');
  const two = tagged(5, one);
  two[12] = 0x88;
  two[13] = 0xa8;
  two[14] = 0xe0;
  t.equal(vlanAt(two, 0, two.length), 5, 'the outer one, without its priority');
  t.same(
    [plain, one, two, tagged(0, plain)].map((bytes) => isTagged(bytes, 0)),
    [false, true, true, true],
  );
});
