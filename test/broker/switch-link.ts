/** The broker's way to a real switch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import t from 'tap';
import { SwitchLink } from '../../src/broker/switch-link.js';
import type { Order } from '../../src/protocol/switch-order.js';
import { guestEnd } from '../support/switch-process.js';
import { until } from '../support/until.js';

const plug: Order & { order: 'plug' } = {
  ...{ order: 'plug', port: 0, network: 0, kind: 'dgram', uplink: false, isolated: false, locked: false },
  ...{ maxAddresses: 100, maxFrame: 1518, addresses: [], label: '' },
};

t.test('a switch that is just coming up takes more ports than lie in its socket, and tells of them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fdbroker-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'switch');
  const link = new SwitchLink(path);
  t.teardown(() => link[Symbol.dispose]());
  let ended = false;
  link.handle({
    event: () => undefined,
    lost: () => {
      ended = true;
    },
  });
  link.start()._unsafeUnwrap();
  const patience = performance.now() + 20_000;
  const ports = 600;
  const guests = Array.from({ length: ports }, (_, port) =>
    guestEnd(t, 'seqpacket', (ours) => link.send({ ...plug, port }, [ours], patience)._unsafeUnwrap()),
  );
  const another = new SwitchLink(path);
  t.teardown(() => another[Symbol.dispose]());
  const found = another.find() ?? [];
  for (const { fds } of found) for (const fd of fds) fd.close();
  t.same(
    found.map(({ order }) => order.port),
    Array.from({ length: ports }, (_, port) => port),
  );
  await until(() => ended);
  another.leave(false);
  // Without guests and broker it ends
  for (const guest of guests) guest.close();
});
