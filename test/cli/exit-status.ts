/** The exit statuses are documented, and no other is. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { exitStatus } from '../../src/cli/exit-status.js';
import { fdbroker } from '../support/fdbroker.js';
import { inProject } from '../support/project.js';

const statuses = Object.values(exitStatus).map(String);
t.same(statuses, ['0', '1', '2', '3', '4', '126', '127']);

const [, section = ''] = readFileSync(inProject('docs/man/fdbroker.1'), 'utf8').split('.Sh EXIT STATUS\n');
const [table = ''] = section.split('\n.Sh ');
t.same(
  [...table.matchAll(/^\.It (\d+)$/gm)].map(([, status]) => status),
  statuses,
  'fdbroker(1)',
);

const [, epilogue = ''] = (await fdbroker(['--help'])).stdout.split('Exit status:');
t.same(epilogue.match(/\d+/g), statuses, '--help');
