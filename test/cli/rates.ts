import t from 'tap';
import { portRates } from '../../src/cli/rates.js';
import { switchPort, switchReport } from '../support/switch-report.js';

t.test('what passed in a second', async (t) => {
  const before = switchReport(10, [
    switchPort({ port: 1 }),
    switchPort({ port: 2, rxBytes: 5000, drops: { locked: 1 } }),
  ]);
  const after = switchReport(12, [
    switchPort({ port: 1, txFrames: 4, txBytes: 1000 }),
    switchPort({ port: 2, rxFrames: 10, rxBytes: 10_000, drops: { locked: 3, isolated: 2 } }),
    switchPort({ port: 3, rxFrames: 7 }),
  ]);
  const rates = portRates(before, after);
  t.same(
    rates.map(({ port }) => port.port),
    [2, 1, 3],
    'the busiest first',
  );
  t.match(rates[0], { rxFrames: 5, rxBits: 20_000, txFrames: 0, txBits: 0, dropped: 2 });
  t.match(rates[1], { txFrames: 2, txBits: 4000 });
  t.match(rates[2], { rxFrames: 0 }, 'new ones have none yet');
});

t.test('nothing is compared with another port, or another switch', async (t) => {
  const before = switchReport(10, [switchPort({ port: 1, rxFrames: 100 })]);
  const other = switchReport(11, [switchPort({ port: 1, rxFrames: 200, grant: '5e6f7a8b' })]);
  t.equal(portRates(before, other)[0]?.rxFrames, 0);
  const again = switchReport(1, [switchPort({ port: 1, rxFrames: 200 })], 8);
  t.equal(portRates(before, again)[0]?.rxFrames, 0);
  t.equal(portRates(undefined, before)[0]?.rxFrames, 0);
  t.equal(portRates(before, switchReport(11, [switchPort({ port: 1, rxFrames: 50 })]))[0]?.rxFrames, 0);
});
