import { spawnSync } from 'node:child_process';
import t from 'tap';
import { fine, hint, problem, shellWord } from '../../../src/cli/doctor/finding.js';

t.same(fine('socket', 'it is there'), { level: 'ok', check: 'socket', what: 'it is there', mend: null });
t.equal(hint('socket', 'odd', 'do it').level, 'hint');
t.equal(problem('socket', 'bad', null).mend, null);

for (const word of ['br0', 'a b', "it's", '$(id)', '', 'lan;id', '/run/x', '`id`', '*', "''"]) {
  const { stdout } = spawnSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' });
  t.equal(stdout, word, `the shell takes ${JSON.stringify(word)} for one word`);
}
t.equal(shellWord('br0.1-a'), 'br0.1-a', 'what needs no quotes has none');
