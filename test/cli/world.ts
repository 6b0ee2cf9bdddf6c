import t from 'tap';
import { complain } from '../../src/cli/world.js';
import { TestWorld } from '../support/fdbroker.js';

const world = new TestWorld();
complain(world, 'two\nlines, \u001b[2J');
t.equal(world.stderr, 'fdbroker: two\\x0alines, \\x1b[2J\n', 'one line, whatever is in it');
t.equal(world.stdout, '');
