/** SR-IOV on a card that QEMU emulates, with the drivers of Debian's kernel: QEMU has one since 8.0. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import t from 'tap';
import { cardKernel, runWithCard } from '../support/debian-kernel.js';
import { missingGuests } from '../support/host.js';
import { skipFile } from '../support/namespace.js';
import { inProject } from '../support/project.js';

const missing = missingGuests();
if (missing !== undefined) skipFile(missing);
const { stdout } = spawnSync('qemu-system-x86_64', ['-device', 'igb,help'], { encoding: 'utf8' });
if (!stdout.includes('igb options')) skipFile('this QEMU has no card with SR-IOV: run "make qemu10"');
if (!existsSync(inProject(cardKernel))) skipFile('the kernel with the card’s driver is missing: run "make qemu10"');

await runWithCard(t, ['test/qemu/inside/virtual-functions.ts']);
