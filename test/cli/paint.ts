import t from 'tap';
import { decideColour, paint } from '../../src/cli/paint.js';

t.equal(paint('x', 'red'), '\u001b[31mx\u001b[39m');
t.equal(paint('x', undefined), 'x');
t.equal(paint('', 'red'), '', 'nothing to paint');

const cases: [what: string, terminal: boolean, env: NodeJS.ProcessEnv, colour: boolean][] = [
  ['a terminal', true, { TERM: 'xterm' }, true],
  ['a pipe', false, { TERM: 'xterm' }, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR, which counts as not set', true, { NO_COLOR: '' }, true],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
];
for (const [what, terminal, env, colour] of cases) t.equal(decideColour(terminal, env), colour, what);
