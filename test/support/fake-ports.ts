/** Ports on a fake kernel whose holders live on, and what the broker says of them. */
import { ok } from 'neverthrow';
import type { Test } from 'tap';
import { Endings } from '../../src/broker/endings.js';
import type { LinkEntry } from '../../src/broker/ledger.js';
import { type Granted, serveOpen } from '../../src/broker/session.js';
import type { Link } from '../../src/kernel/kernel.js';
import { brokerOn } from './broker.js';
import { FakeKernel } from './fake-kernel.js';
import { allowRule, bridgeNetwork, credentials, mac, name, testConfig } from './policy.js';

/** As serveOpen, for a network that takes no time to open. */
export function serveNow(...of: Parameters<typeof serveOpen>): Granted {
  const served = serveOpen(...of);
  if (served instanceof Promise) throw new Error('it takes time');
  return served;
}

export function fakePorts(t: Test, { lockMac = false } = {}) {
  const kernel = new FakeKernel();
  kernel.addBridge('br0');
  const made = brokerOn(kernel, testConfig([bridgeNetwork({ lockMac })], [allowRule()]), t.testdir());
  /** Opens a port, and keeps the tap in the kernel: its fake ends with the broker's own copy of the fd. */
  const port = (address: string): LinkEntry => {
    const request = { verb: 'open', network: name('lan'), form: 'tap', vnetHdr: false, mac: mac(address) } as const;
    let link: Link | undefined;
    const entry = serveNow(made.broker, credentials(1000), request, undefined, () => {
      link = [...kernel.links.values()].at(-1);
      return ok();
    });
    if (entry === undefined || entry.ifindex === null || link === undefined) throw new Error('no port');
    kernel.links.set(entry.ifindex, link);
    if (lockMac) kernel.entries.set(`${link.master} ${address} 0`, entry.ifindex);
    return entry;
  };
  /** What the kernel tells of the port now, but for this. */
  const linkOf = (entry: LinkEntry, change: Partial<Link> = {}): Link => {
    const link = { ...(kernel.links.get(entry.ifindex) as Link), ...change };
    kernel.links.set(entry.ifindex, link);
    return link;
  };
  return { ...made, kernel, endings: new Endings(made.broker), port, linkOf };
}
