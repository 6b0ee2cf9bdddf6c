/** Command lines that are read without yargs. */
import t from 'tap';
import { UsageError } from '../../src/cli/command.js';
import { readWords, type WordSpec } from '../../src/cli/words.js';

const launch: WordSpec = { values: ['network', 'socket'], switches: ['print'], command: true };
const plain: WordSpec = { values: ['id'], operands: ['QMP_SOCKET'] };

t.test('options, operands, and a command that is left as it is', async (t) => {
  const words = readWords(['--network=a', '--print', '--network', 'b', '--', 'x', '--network', '--', '-y'], launch);
  t.same(words.all('network'), ['a', 'b']);
  t.ok(words.has('print'));
  t.equal(words.one('socket'), undefined);
  t.same(words.command, ['x', '--network', '--', '-y']);
  const other = readWords(['path', '--id=-x'], plain);
  t.same([other.operands, other.one('id'), other.command], [['path'], '-x', []]);
  t.throws(() => words.one('network'), { message: '--network stands more than once; give it once' });
});

const wrong: [words: string[], spec: WordSpec, message: string][] = [
  [[], launch, 'a command is missing: write -- and the command last'],
  [['--'], launch, 'a command is missing: write -- and the command last'],
  [['qemu', '-nodefaults'], launch, 'a command is missing: write -- and the command last'],
  [['--colour', '--', 'x'], launch, 'there is no option --colour'],
  [['-n', '--', 'x'], launch, 'there is no option -n'],
  [['--print=yes', '--', 'x'], launch, '--print takes no value'],
  [['--network', '--', 'x'], launch, '--network needs a value'],
  [['--network=', '--', 'x'], launch, '--network needs a value'],
  [['--network', '--print', '--', 'x'], launch, '--network needs a value'],
  [['qemu', '--', 'x'], launch, 'what is "qemu"? The command comes behind --'],
  [['a', 'b'], plain, 'what is "b"?'],
  [[], plain, 'QMP_SOCKET is missing'],
  [['a', '--', 'b'], plain, 'there is nothing to follow --'],
];
for (const [words, spec, message] of wrong) {
  t.throws(() => readWords(words, spec), new UsageError(message), JSON.stringify(words));
}
