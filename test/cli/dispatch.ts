/** Which command gets the words, and what becomes of wrong ones. */
import t from 'tap';
import { fdbroker } from '../support/fdbroker.js';

t.match(await fdbroker(['check', '/nonexistent']), { status: 1 }, 'others go on to yargs');
for (const name of ['attach', 'detach']) {
  t.match(await fdbroker([name, '--help']), { status: 0, stdout: new RegExp(`^fdbroker ${name} QMP_SOCKET `) });
}
for (const name of ['exec', 'open']) {
  for (const help of ['--help', '-h']) {
    t.match(await fdbroker([name, help]), { status: 0, stderr: '', stdout: new RegExp(`^fdbroker ${name} `) });
  }
  const wrong = await fdbroker([name, '--', '--help']);
  t.not(wrong.status, 0, 'the command has options of its own');
  t.equal(wrong.stdout, '');
  const { status, stdout, stderr } = await fdbroker([name, '--colour', '--', 'true']);
  t.same([status, stdout], [2, '']);
  t.equal(stderr, `fdbroker: there is no option --colour\nfdbroker: try "fdbroker ${name} --help"\n`);
}
