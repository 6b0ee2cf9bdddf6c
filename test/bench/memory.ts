/** Resident memory of the broker: at the start, with 1,000 grants, after 100,000 requests, with 10,000 rules. */
import { writeFileSync } from 'node:fs';
import { parseNetworkName } from '../../src/core/names.js';
import { encodeRequest } from '../../src/protocol/request.js';
import { BrokerProcess } from './broker-process.js';
import { built, residentMemory, run, spawnHelpers, untilQuiet } from './commands.js';
import type { Results } from './results.js';

const grants = 1000;
const requests = 100_000;

/** A request that is denied, one for a network that is not there, a listing and a status. */
function messageFiles(folder: string): string[] {
  const open = (network: string) =>
    ({ verb: 'open', network: parseNetworkName(network)._unsafeUnwrap(), form: 'tap', vnetHdr: true }) as const;
  const messages = [open('other1'), open('nowhere'), { verb: 'networks' }, { verb: 'status' }] as const;
  return messages.map((message, index) => {
    const file = `${folder}/message${index}`;
    writeFileSync(file, encodeRequest(message));
    return file;
  });
}

export async function measureMemory(results: Results, folder: string): Promise<void> {
  const files = messageFiles(folder);
  results.section('Resident memory of the broker');
  {
    await using broker = await BrokerProcess.start(folder, 100);
    results.add('100 rules, no grants', residentMemory(broker.pid), 'MiB', 64);
    const { release } = await spawnHelpers(grants, 10, broker.helper);
    await untilQuiet(broker.pid);
    results.add(`100 rules, ${grants} grants`, residentMemory(broker.pid), 'MiB', 64);
    const began = performance.now();
    run(built('bench-ask'), [broker.socket, String(requests), ...files]);
    const each = ((performance.now() - began) * 1000) / requests;
    results.add(`100 rules, ${grants} grants, after ${requests} requests`, residentMemory(broker.pid), 'MiB', 64);
    results.add('a request without a grant, from connect to close', each, 'µs');
    await release();
  }
  await using broker = await BrokerProcess.start(folder, 10_000);
  run(built('bench-ask'), [broker.socket, String(requests / 10), ...files]);
  results.add(`10000 rules, after ${requests / 10} requests`, residentMemory(broker.pid), 'MiB', 96);
}
