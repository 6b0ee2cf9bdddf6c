/** Reports that are not as they should be; test/broker/inspect.ts has good ones. */
import { writeSync } from 'node:fs';
import t from 'tap';
import { openCapture, readReport, readSwitch } from '../../src/client/inspect.js';
import { openPipe } from '../../src/kernel/pipe.js';
import { encodeReply, okReply } from '../../src/protocol/reply.js';
import { name } from '../support/policy.js';
import { ScriptedServer } from '../support/scripted-server.js';

const room = { mostPorts: 1, mostAddresses: 1, threads: 1, mostThreads: 1, slabs: 1 };
const facts = { pid: 1, since: 1, clock: 1, ports: 1, addresses: null, ...room };
const line = (tell: string, more: object = {}) => `${JSON.stringify({ tell, ...more })}\n`;

t.test('reports', async (t) => {
  const good = line('switch', facts) + line('network', { network: 'lab', thread: 0, ports: 1, addresses: 2 });
  t.match(readReport(good + line('end'))._unsafeUnwrap(), { switch: facts, networks: [{ network: 'lab' }], ports: [] });
  t.ok(readReport(good + line('news', { of: 1 }) + line('end')).isOk(), 'of a newer switch');
  for (const [text, what] of [
    [good, /cut off/],
    ['', /cut off/],
    [`${good}{"tell":`, /cut off/],
    [line('end'), /does not begin/],
    [line('switch', { ...facts, pid: 'x' }) + line('end'), /"pid" is missing or of the wrong kind/],
    [good + line('address', { address: 'x' }) + line('end'), /"network" is missing/],
  ] as const) {
    t.match(readReport(text)._unsafeUnwrapErr(), { tag: 'garbage', what }, text);
  }
  const refused = readReport(line('refused', { message: 'too many' }))._unsafeUnwrapErr();
  t.same(refused, { tag: 'refused', status: 'busy', message: 'too many' });
});

t.test('a broker that has no descriptor to give, or says no', async (t) => {
  const wish = { verb: 'capture', network: name('lab'), bounds: {} } as const;
  {
    using server = new ScriptedServer(({ ok }) => ok({})).start();
    t.equal((await readSwitch(server.path))._unsafeUnwrap(), undefined);
    t.match((await openCapture(server.path, wish))._unsafeUnwrapErr(), { tag: 'garbage' });
  }
  t.match((await openCapture('/nowhere/socket', wish))._unsafeUnwrapErr(), { tag: 'no-broker' });
  t.match((await readSwitch(''))._unsafeUnwrapErr(), { tag: 'bad-path' });
});

t.test('what is lost is in the reply', async (t) => {
  const row = { network: 'lab', role: 'uplink', since: 1, reason: 'eth0 is down' };
  const ask = async (lost: unknown) => {
    const { reader, writer } = openPipe()._unsafeUnwrap();
    writeSync(writer.fd, line('switch', facts) + line('end'));
    writer.close();
    const reply = encodeReply(okReply({ lost: JSON.stringify(lost) }));
    using server = new ScriptedServer(({ send }) => send(reply, [reader.fd])).start();
    const told = await readSwitch(server.path);
    reader.close();
    return told;
  };
  t.same((await ask([row]))._unsafeUnwrap()?.lost, [row]);
  for (const wrong of [{}, [1], [{ ...row, since: '1' }]]) {
    t.match((await ask(wrong))._unsafeUnwrapErr(), { tag: 'garbage', what: '"lost" is no list of ports' });
  }
});
