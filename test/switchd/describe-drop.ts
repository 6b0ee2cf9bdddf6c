import t from 'tap';
import type { Grant } from '../../src/core/grant.js';
import { parseGrantId } from '../../src/core/names.js';
import { formatPortLabel } from '../../src/core/port-label.js';
import { dropCode } from '../../src/switch/drop-reason.js';
import { describeDrop } from '../../src/switchd/describe-drop.js';
import { mac, name } from '../support/policy.js';

const grant: Grant = {
  ...{ id: parseGrantId('0a0b0c0d')._unsafeUnwrap(), uid: 1000, gid: 1000, network: name('lab') },
  ...{ mac: mac('52:54:00:00:00:01'), holder: 1, since: 1, form: 'dgram' },
};
const guest = { label: formatPortLabel({ network: name('lab'), guest: { grant, mtu: 1450 } }), maxFrame: 1522 };
const uplink = { label: formatPortLabel({ network: name('lab'), own: { role: 'uplink', on: '7' } }), maxFrame: 1522 };
const end = '; "fdbroker switch" counts them, and this is said once';

t.equal(
  describeDrop(guest, dropCode['too-long']),
  `grant 0a0b0c0d of uid 1000 on network "lab" sends frames of over 1500 bytes, more than the network carries: give its far end that MTU${end}`,
);
t.equal(
  describeDrop(uplink, dropCode['egress-too-long']),
  `the uplink of network "lab" cannot carry frames that are for it, as they are too long: give the network a smaller mtu${end}`,
);
