/** The slow close that is our own: the last descriptor of a bridged tap. */
import t from 'tap';
import { pendingCloses, startCloser } from '../../src/kernel/close.js';
import { addBridge, addPort, ipLink, openKernel } from '../support/links.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { turn } from '../support/poison.js';

inPrivateNamespace();

t.test('taps go, one after the other, and the event loop goes on', async (t) => {
  const kernel = openKernel(t);
  const master = addBridge(t, 'br0');
  using _closer = startCloser();
  const names = Array.from({ length: 20 }, (_, index) => `tap${index}`);
  const taps = names.map((name, index) => addPort(t, kernel, name, master, `fe:00:00:00:00:${index + 10}`));
  for (const tap of taps) tap.fd.close();
  t.ok(pendingCloses() > 0);
  let turns = 0;
  for (; pendingCloses() > 0; turns++) await turn();
  t.ok(turns > names.length, `${turns} turns`);
  t.ok(names.every((name) => ipLink(name) === undefined));
});
