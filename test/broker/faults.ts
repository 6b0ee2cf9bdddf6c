/**
 * Requests for a network of every type, of which each call of the kernel fails in turn, and each sending of descriptors:
 * whatever it is, the client is told, an audit line is written, and the host is as it was. A new type is a row.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { err, ok } from 'neverthrow';
import t, { type Test } from 'tap';
import { type Send, serveOpen } from '../../src/broker/session.js';
import type { Network } from '../../src/core/config.js';
import { offeredForms } from '../../src/core/offered-forms.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import type { Reply } from '../../src/protocol/reply.js';
import type { OpenRequest } from '../../src/protocol/request.js';
import { brokerOn } from '../support/broker.js';
import { until } from '../support/daemon.js';
import { openFds } from '../support/descriptors.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { allowRule, bridgeNetwork, credentials, mac, macvtapNetwork, name, testConfig } from '../support/policy.js';
import { multicastNetwork, packetNetwork, tcpNetwork, udpNetwork } from '../support/socket-networks.js';

interface Row {
  readonly network: Network;
  readonly ask?: Partial<OpenRequest>;
  /** A tap made ahead is there. */
  readonly spare?: true;
  /** What the client is told besides when a call fails with EPERM. */
  readonly advice?: RegExp;
  /** Failures that do not keep the client from its network, as `call CODE`. */
  readonly harmless?: RegExp;
}

const device = { queues: 2, vhost: 'yes' } as const;
const pool = macvtapNetwork({ pool: true, mode: 'passthru', vlan: 100, vhost: 'yes' });
/** Until udev has given a macvtap's node to the broker. */
const waits = /^openMacvtap (EACCES|ENOENT)/;
/** Other forms are the switch's. */
const bare = { form: 'socket' } as const;
const advice = /the broker needs CAP_NET_ADMIN/;
const rows: Readonly<Record<string, Row>> = {
  bridge: { network: bridgeNetwork(), advice },
  'bridge, locked, in a VLAN': { network: bridgeNetwork({ lockMac: true, vlan: 20, isolated: true }), advice },
  'bridge, by a tap made ahead': { network: bridgeNetwork({ lockMac: true, vlan: 20 }), spare: true, advice },
  'bridge, two queues with vhost': { network: bridgeNetwork({ lockMac: true }), ask: device },
  macvtap: { network: macvtapNetwork(), harmless: waits },
  'macvtap, two queues with vhost': { network: macvtapNetwork({ vhost: 'yes' }), ask: device, harmless: waits },
  // The other function is taken then
  'macvtap of a pool': { network: pool, ask: device, harmless: /^openMacvtap (EACCES|ENOENT)|^createMacvtap EBUSY/ },
  udp: { network: udpNetwork() },
  'tcp that connects': { network: tcpNetwork('connect') },
  'tcp that listens': { network: tcpNetwork('listen') },
  packet: { network: packetNetwork(), ask: bare },
  multicast: { network: multicastNetwork(), ask: bare },
};

const codes = ['EPERM', 'ENOENT', 'EIO', 'ENOMEM', 'EACCES', 'EBUSY', 'ENODEV', 'EMFILE', 'ENOBUFS'] as const;

const uid = process.getuid?.() ?? 0;
const caller = credentials(uid, { pid: process.pid });

/** A broker that is asked for the row's network. */
async function machine(t: Test, { network, ask, spare }: Row) {
  const kernel = new FakeKernel();
  kernel.addBridge('br0', { bridge: { vlanFiltering: true, defaultVlan: 1 } });
  kernel.addBridge('eth1', { kind: '' });
  kernel.addBridge('eth2', { kind: '' });
  for (const number of [0, 1]) {
    const pci = `0000:01:10.${number}`;
    kernel.addBridge(`eth1v${number}`, { kind: '', up: false, device: pci });
    const before = { address: '00:00:00:00:00:00', vlan: 7, priority: 3, spoofCheck: false };
    kernel.functions.all.push({ number, device: pci, ...before });
  }
  kernel.spares = spare === true;
  const rule = allowRule({ users: [uid], maxQueues: 4, vhost: 'yes', maxPorts: 1 });
  const config = testConfig([network], [rule]);
  const spareTaps = spare ? 1 : 0;
  const limited = { ...config, broker: { ...config.broker, spareTaps } };
  const { broker, audited } = brokerOn(kernel, limited, t.testdir());
  const [end, connection] = socketPair('seqpacket')._unsafeUnwrap();
  const sent: { reply: Reply; fds: number }[] = [];
  const [form = 'tap'] = offeredForms(network);
  const address = mac('52:54:00:00:00:01');
  const request: OpenRequest = {
    ...{ verb: 'open', network: name('lan'), form, vnetHdr: true, mac: address, ...ask },
  };
  /** @param unsent what sendmsg(2) says to a message with descriptors. */
  const open = async (unsent?: string) => {
    const send: Send = (reply, fds) => {
      if (fds.length > 0 && unsent !== undefined) {
        return err({ tag: 'sys', call: 'sendmsg', code: unsent, errno: 1 } as const);
      }
      sent.push({ reply, fds: fds.length });
      for (const fd of fds) fd.release();
      return ok();
    };
    const entry = await serveOpen(broker, caller, request, undefined, send, connection);
    await settled();
    return entry;
  };
  /** All that a grant could leave: links and how they are, functions, descriptors, what the broker remembers. */
  const state = () => ({
    links: [...kernel.links.values()].map((link) => ({ ...link })),
    functions: [...kernel.functions.all],
    fds: [...kernel.openFds],
    entries: [...kernel.entries, ...kernel.vlans],
    own: openFds(),
    ...{ followed: kernel.sockets.followed.size, holders: broker.holders.size, ledger: broker.ledger.size },
  });
  const before = state();
  if (spare) {
    broker.spares.take();
    while (broker.spares.count < 1) await settled();
    // None is made in place of the one that is used
    kernel.spares = false;
    kernel.calls.length = 0;
  }
  const close = () => {
    for (const entry of broker.ledger.entries()) if (entry.ifindex === null) entry.holding[Symbol.dispose]();
    end.close();
    connection.close();
  };
  const used = () => broker.ledger.portsOf(uid, new Set([network.name]));
  return { kernel, audited, sent, open, state, before, used, [Symbol.dispose]: close };
}

for (const [title, row] of Object.entries(rows)) {
  t.test(`${title}: whatever call fails, all is as before, and the client is told`, async (t) => {
    using rehearsal = await machine(t, row);
    t.ok(await rehearsal.open(), 'nothing fails');
    t.match(rehearsal.sent, [{ reply: { status: 'ok' }, fds: (row.ask?.queues ?? 1) * (row.ask?.vhost ? 2 : 1) }]);
    t.ok(rehearsal.kernel.calls.length > 0);
    for (const [at, call] of rehearsal.kernel.calls.entries()) {
      for (const code of codes) {
        using one = await machine(t, row);
        one.kernel.failAt(at, code);
        const entry = await one.open();
        const which = `call ${at}, ${call} ${code}`;
        if (row.harmless?.test(`${call} ${code}`)) {
          t.ok(entry, which);
          continue;
        }
        t.equal(entry, undefined, which);
        t.match(
          one.sent,
          [{ reply: { status: 'failed', message: new RegExp(`[a-z] .*\\b${code}\\b`) }, fds: 0 }],
          which,
        );
        if (code === 'EPERM' && row.advice !== undefined)
          t.match(one.sent, [{ reply: { message: row.advice } }], which);
        t.same(one.state(), one.before, which);
        t.equal(one.used(), 0, which);
        t.match(one.audited(), [{ event: 'failed', uid, network: 'lan', reason: new RegExp(code), rule: /rule all/ }]);
        t.equal(one.audited().length, 1, which);
      }
    }
  });

  t.test(`${title}: descriptors that cannot be sent are a grant that never was`, async (t) => {
    for (const code of ['EPIPE', 'ETOOMANYREFS', 'EAGAIN']) {
      using one = await machine(t, row);
      t.equal(await one.open(code), undefined, code);
      const message = new RegExp(`could not be sent: .*${code}; read the answers that wait`);
      t.match(one.sent, [{ reply: { status: 'failed', message }, fds: 0 }], code);
      t.same(one.state(), one.before, code);
      t.match(one.audited(), [{ event: 'failed', reason: new RegExp(code), rule: /rule all/ }], code);
      // The kernel takes its time to end a link, and it counts until that is seen; a socket is gone
      const hasLink = row.network.type === 'bridge' || row.network.type === 'macvtap';
      t.equal(one.used(), hasLink ? 1 : 0, code);
      await until(() => one.used() === 0);
      t.ok(await one.open(), 'the next request is served');
    }
  });
}
