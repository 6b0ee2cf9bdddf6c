/** What a guest needs to start guests of its own: QEMU, its firmware, the guests' kernel, and the broker's helper. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject } from '../project.js';
import { type ArchiveEntry, fileEntry } from './cpio.js';
import { pathOf, usualModules } from './initramfs.js';
import { withDependencies } from './kernel-modules.js';
import { librariesOf, projectInGuest } from './project-image.js';

/** Where a QEMU with a loader and libraries of its own lies in the guest, as conf/make/qemu10.sh makes one. */
const wholeQemu = 'opt/qemu';
/** To be first in the guest's PATH. */
export const nestedPrograms = `/${wholeQemu}/bin`;
/** Of -machine pc and -kernel; and emulation itself, which Debian's QEMU loads as a module. */
const loadedByQemu = [
  '/usr/share/seabios/bios-256k.bin',
  '/usr/share/qemu/linuxboot_dma.bin',
  '/usr/share/qemu/kvmvapic.bin',
  '/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so',
];
const kernel = 'build/guest/kernel';

/** They go with projectEntries. */
export function nestedGuestEntries(): ArchiveEntry[] {
  const inGuest = (path: string) => `${projectInGuest.slice(1)}/${path}`;
  const modules = withDependencies(inProject(`${kernel}/modules`), usualModules);
  return [
    ...qemuEntries(pathOf('qemu-system-x86_64')),
    ...[`${kernel}/vmlinuz`, 'build/fdbroker-helper', 'test/support/guest/init.sh'].map((path) =>
      fileEntry(inGuest(path), inProject(path)),
    ),
    ...modules.map(({ name, data }) => fileEntry(inGuest(`${kernel}/modules/${name}.ko`), data)),
  ];
}

function qemuEntries(program: string): ArchiveEntry[] {
  const whole = dirname(dirname(program));
  if (existsSync(join(whole, 'program'))) return wholeEntries(whole);
  const files = [program, ...librariesOf(program), ...loadedByQemu];
  return files.map((path) => fileEntry(path.slice(1), path));
}

/** All files below a folder; a link becomes what it leads to. */
function wholeEntries(folder: string): ArchiveEntry[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return paths.filter(existsSync).map((path) => fileEntry(join(wholeQemu, path.slice(folder.length)), path));
}
