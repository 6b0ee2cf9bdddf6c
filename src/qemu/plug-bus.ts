/** Where a PCI Express machine takes a device while it runs: ports that nothing is behind (q35's own bus takes none). */

import type { Monitor } from './qmp.js';

/** Devices with an id; others have buses whose names are not theirs alone. */
const named = '/machine/peripheral';
const portKinds = ['child<pcie-root-port>', 'child<ioh3420>', 'child<xio3130-downstream>'];

interface Property {
  readonly name: string;
  readonly type: string;
}

/** The names of their buses, in order. */
export async function findEmptyPorts(monitor: Monitor): Promise<string[]> {
  const empty: string[] = [];
  for (const port of (await list(monitor, named)).filter(({ type }) => portKinds.includes(type))) {
    const path = `${named}/${port.name}`;
    const bus = (await list(monitor, path)).find(({ type }) => type === 'child<PCIE>');
    if (bus === undefined) continue;
    const behind = await list(monitor, `${path}/${bus.name}`);
    if (!behind.some(({ name }) => name.startsWith('child['))) empty.push(bus.name);
  }
  return empty.sort();
}

/** What cannot be listed has nothing that could be used. */
async function list(monitor: Monitor, path: string): Promise<Property[]> {
  const listed = await monitor.execute('qom-list', { path });
  const rows = listed.unwrapOr([]);
  return Array.isArray(rows)
    ? rows.filter((row) => typeof row?.name === 'string' && typeof row?.type === 'string')
    : [];
}
