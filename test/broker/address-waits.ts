import { constants } from 'node:os';
import { err, ok, type Result } from 'neverthrow';
import t from 'tap';
import { AddressWaits, isInUse } from '../../src/broker/address-waits.js';
import type { SwitchedNetwork } from '../../src/core/switched.js';
import { sysError } from '../../src/kernel/errno.js';
import { type NetworkError, networkError } from '../../src/networks/network.js';
import { name } from '../support/policy.js';
import { qdesNetwork } from '../support/socket-networks.js';

const errorOf = (errno: number): Result<void, NetworkError> =>
  err(networkError('it cannot be', sysError('bind', -errno)));
const inUse = errorOf(constants.errno.EADDRINUSE);
const networks = (count: number) => Array.from({ length: count }, (_, i) => qdesNetwork({ name: name(`net${i}`) }));

/** What trying gives each time, the last from then on; and which networks were tried. */
function waits(...results: readonly Result<void, NetworkError>[]) {
  const tried: string[] = [];
  const bring = (network: SwitchedNetwork) => {
    tried.push(network.name);
    return results[Math.min(tried.length, results.length) - 1] ?? ok();
  };
  return { waits: new AddressWaits(bring), tried };
}

t.test('one look is for all who wait', async (t) => {
  const { waits: some, tried } = waits(inUse, inUse, ok());
  const [lab] = networks(1);
  await Promise.all(Array.from({ length: 300 }, () => some.until(lab as SwitchedNetwork)));
  t.same(tried, ['net0', 'net0', 'net0']);
  t.ok((await some.until(lab as SwitchedNetwork)).isOk());
  t.equal(tried.length, 4, 'who comes later has it looked for anew');
});

t.test('another reason ends it, and so does the end of patience', async (t) => {
  for (const [result, most] of [
    [errorOf(constants.errno.ENODEV), 1],
    [inUse, 100],
  ] as const) {
    const { waits: some, tried } = waits(result);
    t.equal(await some.until(qdesNetwork()), result);
    t.ok(tried.length >= 1 && tried.length <= most, `${tried.length} tries`);
  }
});

t.test('the more networks, the fewer tries each', async (t) => {
  const { waits: some, tried } = waits(inUse);
  await Promise.all(networks(500).map((one) => some.until(one)));
  t.equal(new Set(tried).size, 500, 'each has its try');
  t.ok(tried.length <= 1500, `${tried.length} tries`);
});

t.test('what is an address in use', async (t) => {
  t.ok(isInUse(inUse));
  t.notOk(isInUse(errorOf(constants.errno.EACCES)));
  t.notOk(isInUse(err(networkError('no'))));
  t.notOk(isInUse(ok()));
});
