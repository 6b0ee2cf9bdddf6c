import t from 'tap';
import { countUntilGone } from '../../src/broker/unsent.js';
import { formatAlias, type Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import { brokerOn } from '../support/broker.js';
import { until } from '../support/daemon.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { allowRule, bridgeNetwork, interfaceName, mac, name, testConfig } from '../support/policy.js';

const grant: Grant = {
  ...{ id: parseGrantId('00000001')._unsafeUnwrap(), uid: 1000, gid: 1000, network: name('lan'), form: 'tap' },
  ...{ mac: mac('52:54:00:00:00:01'), holder: 1, since: 1 },
};

for (const [title, alias] of [
  ['', ''],
  [', and another link has its number', formatAlias({ ...grant, id: parseGrantId('00000002')._unsafeUnwrap() })],
] as const) {
  t.test(`it counts until it is gone${title}`, async (t) => {
    const kernel = new FakeKernel();
    const { broker } = brokerOn(kernel, testConfig([bridgeNetwork({})], [allowRule()]), t.testdir());
    const { ifindex } = kernel.openTap(interfaceName('fdb00000001'))._unsafeUnwrap();
    const link = kernel.links.get(ifindex);
    if (link === undefined) throw new Error('no link');
    kernel.links.set(ifindex, { ...link, alias: formatAlias(grant) });
    countUntilGone(broker, grant, ifindex);
    const ports = () => broker.ledger.portsOf(1000, new Set([name('lan')]));
    const looks = () => kernel.calls.filter((call) => call === 'linkByIndex').length;
    await until(() => looks() === 2);
    t.equal(ports(), 1);
    if (alias === '') kernel.links.delete(ifindex);
    else kernel.links.set(ifindex, { ...link, alias });
    await until(() => ports() === 0);
    t.equal(broker.ledger.has(grant.id), false);
  });
}
