/** Networks that give each guest an SR-IOV virtual function: which one is taken, how it is set, and given back. */
import { setImmediate as settled } from 'node:timers/promises';
import t from 'tap';
import type { MacvtapNetwork } from '../../src/core/config.js';
import { formatAlias, type Grant, parseAlias } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import type { Link } from '../../src/kernel/kernel.js';
import { returnFunction } from '../../src/networks/borrowed-function.js';
import { openMacvtap } from '../../src/networks/macvtap.js';
import { describeMacvtap } from '../../src/networks/macvtap-facts.js';
import { Outlook } from '../../src/networks/outlook.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { macvtapNetwork, permitFor } from '../support/policy.js';

const network = macvtapNetwork({ pool: true, mode: 'passthru', vlan: 100 });
const address = '00:00:00:00:00:00';
const before = { vlan: 7, priority: 3, spoofCheck: false };

const describe = (kernel: FakeKernel, one: MacvtapNetwork) => describeMacvtap(new Outlook(kernel), one);

/** eth1, with ifindex 1, and two functions, which are interfaces of ifindex 2 and 3. */
function machine(functions = 2, physical: Partial<Link> = {}) {
  const kernel = new FakeKernel();
  kernel.addBridge('eth1', { kind: '', ...physical });
  for (let number = 0; number < functions; number++) {
    const device = `0000:01:10.${number}`;
    kernel.addBridge(`eth1v${number}`, { kind: '', up: false, mtu: 1400, device });
    kernel.functions.all.push({ number, device, address, ...before });
  }
  return kernel;
}

async function open(kernel: FakeKernel, id = '1a2b3c4d', change = {}) {
  const wanted = { ...network, ...change };
  const permit = permitFor(wanted);
  const grant: Grant = {
    ...{ id: parseGrantId(id)._unsafeUnwrap(), uid: permit.uid, gid: permit.gid, network: permit.network },
    ...{ form: permit.form, mac: permit.mac, holder: 77, since: 1_700_000_000, vlan: 100 },
  };
  return { grant, result: await openMacvtap(kernel, wanted, permit, grant, true) };
}

function untouched(kernel: FakeKernel): boolean {
  return (
    [2, 3].every((ifindex) => kernel.links.get(ifindex)?.up === false) &&
    kernel.functions.all.every((one) =>
      Object.entries({ address, ...before }).every(([key, value]) => one[key as keyof typeof one] === value),
    )
  );
}

t.test('a function is set before its interface comes up, and given back as it was', async (t) => {
  const kernel = machine();
  const { grant, result } = await open(kernel);
  const port = result._unsafeUnwrap();
  const set = { address: grant.mac, vlan: 100, priority: 0, spoofCheck: true };
  t.match(kernel.functions.all, [
    { number: 0, ...set },
    { number: 1, ...before },
  ]);
  const borrowed = { physical: 1, number: 0, before };
  t.same(port.borrowed, borrowed);
  t.match(kernel.links.get(port.ifindex), {
    ...{ up: true, address: grant.mac, mtu: 1400, alias: formatAlias({ ...grant, borrowed }) },
    macvtap: { parent: 2, mode: 'passthru', ours: true },
  });
  t.equal(kernel.links.get(2)?.up, true);
  const made = kernel.calls.indexOf('createMacvtap');
  t.same(kernel.calls.slice(made, made + 7), [
    ...['createMacvtap', 'label', 'setFunction', 'claimMacvtap', 'setFunction', 'setUp', 'listFunctions'],
  ]);
  port[Symbol.dispose]();
  await settled();
  t.same(kernel.leftovers(), []);
  t.ok(untouched(kernel));
});

t.test('a network that names no VLAN leaves the function’s', async (t) => {
  const kernel = machine();
  const { vlan: _vlan, ...plain } = network;
  (await openMacvtap(kernel, plain, permitFor(plain), (await open(machine())).grant, true))._unsafeUnwrap();
  t.match(kernel.functions.all[0], { vlan: 7, priority: 3, spoofCheck: true });
});

t.test('an address that the function was held to is taken off it first, where the driver can', async (t) => {
  for (const failing of [99, 5]) {
    const kernel = machine();
    const held = {
      ...kernel.functions.all[0],
      ...before,
      number: 0,
      device: '0000:01:10.0',
      address: '02:00:00:00:00:07',
    };
    kernel.functions.all[0] = held;
    kernel.failAt(failing, 'EINVAL');
    const { grant, result } = await open(kernel);
    const made = kernel.calls.indexOf('createMacvtap');
    t.same(kernel.calls.slice(made, made + 5), [
      'createMacvtap',
      'label',
      'setFunction',
      'setFunction',
      'claimMacvtap',
    ]);
    t.match(kernel.functions.all[0], { address: grant.mac });
    result._unsafeUnwrap()[Symbol.dispose]();
    await settled();
    t.same(kernel.functions.all[0], { ...held, address });
  }
});

t.test('two at once never get the same one, and the third is told', async (t) => {
  const kernel = machine();
  const opened = await Promise.all(['00000001', '00000002', '00000003'].map((id) => open(kernel, id)));
  t.same(
    opened.map(({ result }) => result.map(({ borrowed }) => borrowed?.number).unwrapOr(undefined)),
    [0, 1, undefined],
  );
  t.match(
    opened[2]?.result._unsafeUnwrapErr().what,
    /none of the 2 virtual functions of eth1 is free: .* root makes more, .*>\/sys\/class\/net\/eth1\/device\/sriov_numvfs/,
  );
});

t.test('what somebody else uses is passed over', async (t) => {
  const used: Partial<Link>[] = [{ up: true }, { master: 9 }, { mtu: 1299 }, { device: '0000:01:10.7' }];
  for (const change of used) {
    const kernel = machine();
    Object.assign(kernel.links.get(2) ?? {}, change);
    const { result } = await open(kernel, undefined, { mtu: 1300 });
    t.equal(result._unsafeUnwrap().borrowed?.number, 1, JSON.stringify(change));
  }
  for (const code of ['EBUSY', 'EINVAL']) {
    const kernel = machine();
    kernel.failAt(3, code);
    t.equal((await open(kernel)).result._unsafeUnwrap().borrowed?.number, 1, `the kernel says ${code}`);
  }
});

t.test('nothing is left, and the function is as it was, when any call fails', async (t) => {
  const rehearsal = machine();
  await open(rehearsal);
  for (const [at, call] of rehearsal.calls.entries()) {
    const kernel = machine();
    kernel.failAt(at);
    const { result } = await open(kernel);
    t.match(result._unsafeUnwrapErr().what, /network "lan".*ENOMEM/, `${call} (call ${at}): the error names both`);
    t.same(kernel.leftovers(), [], `${call} (call ${at}): rolled back`);
    t.ok(untouched(kernel), `${call} (call ${at}): given back`);
  }
});

t.test('a driver that cannot, or answers success and applies nothing', async (t) => {
  const cannot = machine();
  cannot.failAt(5, 'EOPNOTSUPP');
  t.match(
    (await open(cannot)).result._unsafeUnwrapErr().what,
    /virtual function 0 of eth1 cannot be set.*its driver has/,
  );
  for (const key of ['address', 'vlan', 'spoofCheck'] as const) {
    const kernel = machine();
    const { functions } = kernel;
    const set = functions.set.bind(functions);
    functions.set = (physical, number, { [key]: _left, ...change }) => set(physical, number, change);
    t.match((await open(kernel)).result._unsafeUnwrapErr().what, new RegExp(`did not apply ${key}`));
    t.same(kernel.leftovers(), []);
  }
});

t.test('what is written on the macvtap is enough to give the function back', async (t) => {
  const kernel = machine();
  const { ifindex } = (await open(kernel)).result._unsafeUnwrap();
  const borrowed = parseAlias(kernel.links.get(ifindex)?.alias ?? '')?.borrowed;
  if (borrowed === undefined) throw new Error('no record');
  for (let at = 0; at < 6; at++) {
    const one = kernel.functions.all[0];
    kernel.failAt(at);
    t.ok((await returnFunction(kernel, borrowed, ifindex)).isErr(), `call ${at}`);
    kernel.functions.all[0] = one as NonNullable<typeof one>;
    Object.assign(kernel.links.get(2) ?? {}, { up: true });
  }
  t.ok((await returnFunction(kernel, borrowed, ifindex)).isOk());
  t.ok(untouched(kernel));
  const calls = kernel.calls.length;
  t.ok((await returnFunction(kernel, borrowed, ifindex)).isOk(), 'again');
  t.same(kernel.calls.slice(calls), ['listLinks', 'listFunctions'], 'nothing is left to do');
});

t.test('one that has left the namespace meanwhile stays as it is', async (t) => {
  const kernel = machine();
  const { borrowed, ifindex } = (await open(kernel)).result._unsafeUnwrap();
  kernel.links.delete(2);
  if (borrowed === undefined) throw new Error('no record');
  t.ok((await returnFunction(kernel, borrowed, ifindex)).isOk());
  t.match(kernel.functions.all[0], { vlan: 100, spoofCheck: true });
});

t.test('what is told of the network', async (t) => {
  const facts = { on: 'eth1', guestsReachEachOther: null, hostReachable: null, outsideReachable: true };
  t.match(describe(machine(), network), { ...facts, mtu: 1400, problem: null });
  const problems: [FakeKernel, RegExp][] = [
    [machine(0), /eth1 has no virtual functions; root makes some with: echo 4 >\/sys\/class\/net\/eth1\/device/],
    [machine(2, { up: false }), /eth1 is down/],
    [machine(2, { name: 'eth2' }), /there is no interface eth1/],
  ];
  for (const [kernel, expected] of problems) {
    t.match(describe(kernel, network), { mtu: null, problem: expected });
    t.match((await open(kernel)).result._unsafeUnwrapErr().what, expected);
    t.notOk(kernel.calls.some((call) => ['listLinks', 'createMacvtap'].includes(call)));
  }
  const port = { learning: true, locked: false, isolated: false, hairpin: false, flood: true };
  t.equal(describe(machine(2, { master: 9, port }), network).problem, null, 'eth1 itself may be on a bridge');
});

t.test('however many networks share pools, links are listed once a look', async (t) => {
  const kernel = machine();
  const outlook = new Outlook(kernel);
  for (let times = 0; times < 3; times++) t.equal(describeMacvtap(outlook, network).problem, null);
  t.same(
    kernel.calls.filter((call) => call.startsWith('list')),
    ['listFunctions', 'listLinks'],
  );
});

t.test('one that another guest has by now is left to it', async (t) => {
  const kernel = machine(1);
  const { borrowed, ifindex } = (await open(kernel)).result._unsafeUnwrap();
  if (borrowed === undefined) throw new Error('no record');
  kernel.links.delete(ifindex);
  Object.assign(kernel.links.get(2) ?? {}, { up: false });
  const { grant } = await open(kernel, '00000002');
  t.ok((await returnFunction(kernel, borrowed, ifindex)).isOk());
  t.match(kernel.functions.all, [{ address: grant.mac, vlan: 100, spoofCheck: true }]);
  t.equal(kernel.links.get(2)?.up, true);
});
