/** Taps made ahead of need: on a fake kernel what fails and how many there are, on the real one what they are. */
import t, { type Test } from 'tap';
import { tapName } from '../../src/core/names.js';
import { native } from '../../src/kernel/native.js';
import { SpareTaps } from '../../src/networks/spare-taps.js';
import { openTunFds } from '../support/descriptors.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { grantedTaps } from '../support/granted-taps.js';
import { openKernel } from '../support/links.js';
import { inPrivateNamespace, shJson } from '../support/namespace.js';

inPrivateNamespace();

/** Enough turns for a batch of the fake kernel. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

function onFake(most = 16) {
  const kernel = new FakeKernel();
  kernel.spares = true;
  return { kernel, spares: new SpareTaps(kernel, most) };
}

t.test('none at the start, then more after each use, and never too many', async (t) => {
  for (const most of [16, 5, 4, 1]) {
    const { kernel, spares } = onFake(most);
    await turns();
    t.same(kernel.leftovers(), []);
    t.equal(spares.take(), undefined, 'the first has to wait');
    await turns();
    t.equal(spares.count, Math.min(4, most));
    for (let use = 0; use < 40; use++) {
      spares.take()?.tap.fd.close();
      await turns();
      t.ok(spares.count <= most && kernel.openFds.size === spares.count, `${spares.count} of ${most}`);
      if (use > 4) t.ok(spares.count >= Math.max(1, most - 3), `${spares.count} of ${most} wait`);
    }
    spares[Symbol.dispose]();
    t.same(kernel.leftovers(), []);
  }
});

t.test('with 0 there are none', async (t) => {
  const { kernel, spares } = onFake(0);
  for (let use = 0; use < 5; use++) t.equal(spares.take(), undefined);
  await turns();
  t.same(kernel.calls, []);
});

t.test('a burst is served from what there is', async (t) => {
  const { kernel, spares } = onFake();
  for (let use = 0; use < 5; use++) t.equal(spares.take(), undefined);
  await turns();
  t.equal(kernel.openFds.size, 4, 'one batch at a time');
  const ids = new Set<string>();
  for (let use = 0; use < 6; use++) {
    const spare = spares.take();
    if (spare === undefined) continue;
    ids.add(spare.id);
    t.equal(kernel.links.get(spare.tap.ifindex)?.name, tapName(spare.id), 'named for its grant');
    t.ok(spare.tap.fd.open);
  }
  t.equal(ids.size, 4);
  spares[Symbol.dispose]();
  t.equal(kernel.openFds.size, 4, 'those that were taken are the caller’s');
});

t.test('one that cannot be made is done without', async (t) => {
  const { kernel, spares } = onFake();
  spares.take();
  kernel.failAt(1);
  await turns();
  t.equal(spares.count, 3, 'the others are there');
  t.equal(kernel.openFds.size, 3);
  for (let use = 0; use < 3; use++) spares.take()?.tap.fd.close();
  kernel.spares = false;
  await turns();
  while (spares.count > 0) spares.take()?.tap.fd.close();
  await turns();
  t.equal(spares.take(), undefined, 'none can be made');
  await turns();
  kernel.spares = true;
  t.equal(spares.take(), undefined);
  await turns();
  t.equal(spares.count, 4, 'it is tried again at the next use');
  spares[Symbol.dispose]();
  t.same(kernel.leftovers(), []);
});

t.test('fewer from now on', async (t) => {
  const { kernel, spares } = onFake();
  for (let use = 0; use < 8; use++) {
    spares.take()?.tap.fd.close();
    await turns();
  }
  t.ok(spares.count > 8);
  spares.keep(3);
  t.equal(spares.count, 3);
  t.equal(kernel.openFds.size, 3, 'the others are closed');
  for (let use = 0; use < 8; use++) {
    spares.take()?.tap.fd.close();
    await turns();
    t.ok(spares.count <= 3);
  }
  spares.take()?.tap.fd.close();
  spares.keep(0);
  await turns();
  t.same(kernel.leftovers(), [], 'also those that were about to be made');
  t.equal(spares.take(), undefined);
  spares.keep(16);
  spares.take();
  await turns();
  t.equal(spares.count, 4, 'and more again');
  spares[Symbol.dispose]();
});

t.test('ended while some are being made', async (t) => {
  const { kernel, spares } = onFake();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { openTapsAhead } = kernel;
  kernel.openTapsAhead = async (names) => {
    const taps = await openTapsAhead.call(kernel, names);
    await finished;
    return taps;
  };
  spares.take();
  await turns();
  t.equal(kernel.openFds.size, 4);
  spares[Symbol.dispose]();
  finish();
  await turns();
  t.same(kernel.leftovers(), []);
  t.equal(spares.count, 0);
});

t.test('a minute after the last use there are none', async (t) => {
  const { clock, timers } = mockedTimers(t);
  const { kernel, spares } = onFake();
  spares.take();
  await turns();
  clock(59_000);
  spares.take()?.tap.fd.close();
  await turns();
  const kept = spares.count;
  clock(59_999);
  t.equal(spares.count, kept);
  t.ok(kept > 0);
  clock(1);
  t.same(kernel.leftovers(), []);
  t.equal(timers(), 0, 'and nothing is waited for');
  t.equal(spares.take(), undefined);
  await turns();
  t.equal(spares.count, 4, 'a use begins anew');
  spares[Symbol.dispose]();
  t.equal(timers(), 0);
});

t.test('what they are', async (t) => {
  const spares = new SpareTaps(openKernel(t), 16);
  t.teardown(() => spares[Symbol.dispose]());
  t.equal(spares.take(), undefined);
  while (spares.count < 4) await new Promise(setImmediate);
  const shown = () => shJson('ip -d -j link show type tun');
  t.equal(shown().length, 4);
  for (const link of shown()) {
    t.match(link.ifname, /^fdb[0-9a-f]{8}$/);
    t.notOk(link.flags.includes('UP'), 'down');
    t.same([link.master, link.ifalias], [undefined, undefined], 'on no bridge, and nobody’s');
    t.match(link.linkinfo.info_data, { type: 'tap', pi: false, vnet_hdr: true, persist: false, multi_queue: false });
    const other = native.tunDevice();
    const { IFF_NO_PI, IFF_TAP, IFF_VNET_HDR } = native.constants;
    t.equal(native.tunAttach(other, link.ifname, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR), -16, 'EBUSY for anybody else');
    native.close(other);
  }
  t.same(grantedTaps(), []);
  const taken = spares.take();
  t.equal(
    shown().find(({ ifindex }: { ifindex: number }) => ifindex === taken?.tap.ifindex)?.ifname,
    tapName(taken?.id as never),
  );
  while (spares.count < 7) await new Promise(setImmediate);
  spares[Symbol.dispose]();
  while (openTunFds() > 1) await new Promise(setImmediate);
  t.equal(shown().length, 1, 'the one that was taken');
  taken?.tap.fd.close();
  while (shown().length > 0) await new Promise(setImmediate);
  t.pass('ends with its descriptor');
});

t.test('ended while the real kernel makes some', async (t) => {
  const kernel = openKernel(t);
  const spares = new SpareTaps(kernel, 16);
  spares.take();
  await new Promise(setImmediate);
  spares[Symbol.dispose]();
  while (openTunFds() > 0 || shJson('ip -j link show type tun').length > 0) await new Promise(setImmediate);
  t.equal(spares.count, 0);
});

/** Timers that go when the test says so; setImmediate is as ever. */
function mockedTimers(t: Test) {
  const waiting = new Map<object, { at: number; then: () => void }>();
  let now = 0;
  const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
  t.teardown(() => Object.assign(globalThis, { setTimeout: realSetTimeout, clearTimeout: realClearTimeout }));
  const fakeSetTimeout = (then: () => void, milliseconds: number) => {
    const timer = {
      unref: () => timer,
      refresh: () => waiting.set(timer, { at: now + milliseconds, then }),
    };
    timer.refresh();
    return timer;
  };
  Object.assign(globalThis, { setTimeout: fakeSetTimeout, clearTimeout: (timer: object) => waiting.delete(timer) });
  return {
    clock(milliseconds: number) {
      now += milliseconds;
      for (const [timer, { at, then }] of [...waiting]) if (at <= now && waiting.delete(timer)) then();
    },
    timers: () => waiting.size,
  };
}
