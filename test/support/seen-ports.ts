/** Ports, addresses and peers as the switch itself tells of them. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readSwitch, type SwitchReport } from '../../src/client/inspect.js';
import type { SwitchPortListing } from '../../src/protocol/switch-report.js';

/** @param socket the broker's; a switch that has just ended is waited for. */
export async function seenBy(socket: string): Promise<SwitchReport> {
  for (;;) {
    const seen = (await readSwitch(socket)).unwrapOr(undefined);
    if (seen !== undefined) return seen;
    await delay(10);
  }
}

/** @param of a grant, or for an uplink its network. Throws when there is none. */
export async function portSeen(socket: string, of: string): Promise<SwitchPortListing> {
  const { ports } = await seenBy(socket);
  const found = ports.find(({ grant, network, uplink }) => grant === of || (uplink && network === of));
  if (found === undefined) throw new Error(`no port of ${of}: ${JSON.stringify(ports)}`);
  return found;
}

/** MiB of memory that a process has in use. */
export function residentMemory(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
