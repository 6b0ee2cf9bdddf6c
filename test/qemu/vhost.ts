/** vhost-net with a real guest: in a guest with Debian's kernel, which has it. */
import t from 'tap';
import { runNestedInDebianKernel } from '../support/debian-kernel.js';
import { missingGuests } from '../support/host.js';
import { skipFile } from '../support/namespace.js';

const missing = missingGuests();
if (missing !== undefined) skipFile(missing);

await runNestedInDebianKernel(t, ['test/qemu/inside/vhost.ts']);
