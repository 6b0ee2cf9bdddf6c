/** Where a PCI Express machine takes a device while it runs: ports that nothing is behind (q35's own bus takes none). */
import { err, ok, type Result } from 'neverthrow';
import type { Monitor, QmpError } from './qmp.js';

/** Devices with an id; others have buses whose names are not theirs alone. */
const named = '/machine/peripheral';
const portKinds = ['child<pcie-root-port>', 'child<ioh3420>', 'child<xio3130-downstream>'];

interface Property {
  readonly name: string;
  readonly type: string;
}

/** The names of their buses, in order; an error only where the monitor is lost. */
export async function findEmptyPorts(monitor: Monitor): Promise<Result<string[], QmpError>> {
  const empty: string[] = [];
  const devices = await list(monitor, named);
  if (devices.isErr()) return err(devices.error);
  for (const port of devices.value.filter(({ type }) => portKinds.includes(type))) {
    const path = `${named}/${port.name}`;
    const parts = await list(monitor, path);
    if (parts.isErr()) return err(parts.error);
    const bus = parts.value.find(({ type }) => type === 'child<PCIE>');
    if (bus === undefined) continue;
    const behind = await list(monitor, `${path}/${bus.name}`);
    if (behind.isErr()) return err(behind.error);
    if (!behind.value.some(({ name }) => name.startsWith('child['))) empty.push(bus.name);
  }
  return ok(empty.sort());
}

/** What QEMU does not list has nothing that could be used. */
async function list(monitor: Monitor, path: string): Promise<Result<Property[], QmpError>> {
  const listed = await monitor.execute('qom-list', { path });
  if (listed.isErr() && listed.error.tag === 'lost') return err(listed.error);
  const rows = listed.unwrapOr([]);
  return ok(
    Array.isArray(rows) ? rows.filter((row) => typeof row?.name === 'string' && typeof row?.type === 'string') : [],
  );
}
