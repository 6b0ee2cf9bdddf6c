import { ok } from 'neverthrow';
import t from 'tap';
import type { Send } from '../../src/broker/session.js';
import type { BridgeNetwork, Rule } from '../../src/core/config.js';
import { socketPair } from '../../src/kernel/seqpacket.js';
import type { Reply } from '../../src/protocol/reply.js';
import type { OpenRequest } from '../../src/protocol/request.js';
import { brokerOn } from '../support/broker.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { serveNow } from '../support/fake-ports.js';
import { allowRule, bridgeNetwork, credentials, mac, name, testConfig } from '../support/policy.js';

const request: OpenRequest = { verb: 'open', network: name('lan'), form: 'tap', vnetHdr: true };

function machine(folder: string, network: Partial<BridgeNetwork> = {}, rule: Partial<Rule> = {}) {
  const kernel = new FakeKernel();
  kernel.addBridge('br0', { bridge: { vlanFiltering: true, defaultVlan: 1 } });
  const config = testConfig([bridgeNetwork(network)], [allowRule({ users: [1000], ...rule })]);
  const sent: { reply: Reply; fds: number }[] = [];
  const send: Send = (reply, fds) => {
    sent.push({ reply, fds: fds.length });
    return ok();
  };
  return { kernel, sent, send, ...brokerOn(kernel, config, folder) };
}

t.test('a request that a rule allows is a grant', async (t) => {
  const { broker, kernel, sent, send, audited } = machine(t.testdir());
  const entry = serveNow(broker, credentials(1000), request, undefined, send);
  t.match(sent, [{ reply: { status: 'ok' }, fds: 1 }]);
  t.equal(broker.ledger.get(entry?.id as never), entry);
  t.match(entry, { uid: 1000, network: 'lan', holder: 4242, state: 'up', mtu: 1500 });
  t.match(audited(), [
    { event: 'granted', uid: 1000, gid: 1000, pid: 4242, network: 'lan', form: 'tap', rule: 'test.ini:10 [rule all]' },
  ]);
  t.equal(kernel.openFds.size, 0, 'the broker keeps no copy');
});

t.test('the holder is who made the socketpair, if it is the same user', async (t) => {
  const uid = process.getuid?.() ?? 0;
  const { broker, send } = machine(t.testdir(), {}, { users: ['*'] });
  const [end, other] = socketPair('stream')._unsafeUnwrap();
  t.equal(serveNow(broker, credentials(uid), request, end, send)?.holder, process.pid);
  t.equal(serveNow(broker, credentials(uid + 1), request, end, send)?.holder, 4242, 'not another user’s process');
  end.close();
  other.close();
});

t.test('what no rule allows gets one sentence, whether the network is there or not', async (t) => {
  const { broker, kernel, sent, send, audited } = machine(t.testdir());
  serveNow(broker, credentials(2000), request, undefined, send);
  serveNow(broker, credentials(2000), { ...request, mac: mac('52:54:00:00:00:01') }, undefined, send);
  serveNow(broker, credentials(2000), { ...request, form: 'stream' }, undefined, send);
  serveNow(broker, credentials(2000), { ...request, network: name('lab') }, undefined, send);
  const messages = sent.map(({ reply }) =>
    reply.status === 'denied' ? reply.message.replaceAll(/la[nb]/g, 'X') : reply,
  );
  t.equal(new Set(messages).size, 1, JSON.stringify(messages));
  t.same(kernel.calls, [], 'the kernel was not asked');
  t.equal(audited().length, 4);
  t.ok(audited().every((record) => record['event'] === 'denied'));
});

t.test('a quota counts what is in the ledger', async (t) => {
  const { broker, sent, send } = machine(t.testdir(), {}, { maxPorts: 2 });
  const first = serveNow(broker, credentials(1000), request, undefined, send);
  serveNow(broker, credentials(1000), request, undefined, send);
  t.equal(serveNow(broker, credentials(1000), request, undefined, send), undefined);
  t.match(sent[2]?.reply, { status: 'refused', message: /2/ });
  broker.ledger.remove(first as never);
  t.ok(serveNow(broker, credentials(1000), request, undefined, send), 'there is room again');
});

t.test('addresses: given, stable, locked', async (t) => {
  const { broker, send } = machine(t.testdir());
  const first = serveNow(broker, credentials(1000), request, undefined, send);
  const second = serveNow(broker, credentials(1000), request, undefined, send);
  t.not(first?.mac, second?.mac);
  broker.ledger.remove(first as never);
  t.equal(serveNow(broker, credentials(1000), request, undefined, send)?.mac, first?.mac, 'the free one comes again');

  const locked = machine(t.testdir(), { lockMac: true });
  t.equal(serveNow(locked.broker, credentials(1000), request, undefined, locked.send), undefined);
  const { reply } = locked.sent[0] ?? {};
  const [, told = ''] = reply?.status === 'refused' ? (/--mac=(\S+?)[ ,;]/.exec(reply.message) ?? []) : [];
  t.match(told, /^52:54:00:/);
  const granted = serveNow(locked.broker, credentials(1000), { ...request, mac: mac(told) }, undefined, locked.send);
  t.equal(granted?.mac, told);
  const again = serveNow(locked.broker, credentials(1001), { ...request, mac: mac(told) }, undefined, locked.send);
  t.equal(again, undefined, 'an address in use is refused');
});
