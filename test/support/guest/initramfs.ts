/** The guests' file system: busybox, kernel modules and our init. It is made anew for each use, within milliseconds. */
import { spawnSync } from 'node:child_process';
import { fchmodSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProject } from '../project.js';
import { type ArchiveEntry, archive, fileEntry, withFolders } from './cpio.js';
import { withDependencies } from './kernel-modules.js';

const folder = 0o040755;
const consoleDevice = 0o020600;

/** Modules that every guest loads, before any other. */
export const usualModules = ['virtio_pci', 'virtio_net'];

/**
 * What every guest has: the usual modules, `modules` and all that they need are loaded in their order.
 *
 * @param kernel folder of the checkout that they are in.
 */
export function baseEntries(modules: readonly string[], kernel: string): ArchiveEntry[] {
  const loaded = withDependencies(inProject(`${kernel}/modules`), [...usualModules, ...modules]);
  return [
    ...['dev', 'proc', 'sys'].map((path) => ({ path, mode: folder })),
    { path: 'dev/console', mode: consoleDevice, device: [5, 1] },
    fileEntry('bin/busybox', pathOf('busybox')),
    fileEntry('init', readFileSync(inProject('test/support/guest/init.sh'))),
    fileEntry('modules/order', Buffer.from(loaded.map(({ name }) => `${name}\n`).join(''))),
    ...loaded.map(({ name, data }) => fileEntry(`modules/${name}.ko`, data)),
  ];
}

/**
 * Opens an archive as a file without a name, that any user's QEMU may read through the descriptor and that is gone
 * with its last holder. The caller closes it.
 */
export function openInitramfs(entries: readonly ArchiveEntry[]): number {
  const place = mkdtempSync(join(tmpdir(), 'fdbroker-guest-'));
  try {
    const fd = openSync(join(place, 'initramfs'), 'wx+');
    fchmodSync(fd, 0o644);
    for (const piece of archive(withFolders(entries))) {
      for (let written = 0; written < piece.length; ) written += writeSync(fd, piece, written);
    }
    return fd;
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Where a program of this host lies. */
export function pathOf(program: string): string {
  const find = `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`;
  const found = spawnSync('/bin/sh', ['-c', find], { encoding: 'utf8' }).stdout.trim();
  if (found === '') throw new Error(`${program} is missing: run "make setup"`);
  return found;
}
