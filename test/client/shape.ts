/** What passes for a listing. */
import t from 'tap';
import { misshapen, networkShape, portShape, reloadShape, statusShape, summaryShape } from '../../src/client/shape.js';

const port = {
  ...{ grant: '1a2b3c4d', uid: 1, gid: 1, network: 'lan', form: 'tap', ifname: 'fdb1a2b3c4d', ifindex: 7, queues: 1 },
  ...{ mac: '52:54:00:00:00:01', mtu: 1500, holder: 0, holderName: null, since: 1, state: 'up' },
};
t.equal(misshapen(port, portShape), undefined);
t.equal(misshapen({ ...port, later: [] }, portShape), undefined, 'what a later version adds');
for (const field of Object.keys(portShape)) {
  t.equal(misshapen({ ...port, [field]: undefined }, portShape), field, `without ${field}`);
  t.equal(misshapen({ ...port, [field]: {} }, portShape), field, `with an odd ${field}`);
}
t.equal(misshapen({ ...port, form: 'toString' }, portShape), 'form');

const summary = { version: '1', pid: 1, since: 1, config: { state: 'ok' } };
t.equal(misshapen(summary, summaryShape), undefined);
t.equal(misshapen({ ...summary, config: null }, summaryShape), 'config');
t.equal(misshapen({ ...summary, config: [] }, summaryShape), 'config');
t.equal(misshapen(summary, statusShape), 'config', 'a summary is no full status');
const config = { state: 'refused', files: ['a'], loaded: 1, error: ['x'] };
const status = {
  ...{ ...summary, mode: 'user', config, ports: 0, connections: 0, networks: 0, rules: 0, counters: { a: 1 } },
};
t.equal(misshapen(status, statusShape), undefined);
t.equal(misshapen({ ...status, config: { ...config, error: null } }, statusShape), undefined);
t.equal(misshapen({ ...status, config: { ...config, error: 'x' } }, statusShape), 'config');
t.equal(misshapen({ ...status, counters: { a: '1' } }, statusShape), 'counters');

const reloaded = { files: ['a'], networks: 1, rules: 1, atNextStart: [], unusable: [] };
t.equal(misshapen(reloaded, reloadShape), undefined);
t.equal(misshapen({ ...reloaded, files: 'a' }, reloadShape), 'files');
t.equal(misshapen({}, networkShape), 'name');
