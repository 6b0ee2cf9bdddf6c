import t from 'tap';
import { oneValue, textOf, UsageError, valueOption } from '../../src/cli/command.js';

t.equal(oneValue('--x', 'a'), 'a');
t.equal(oneValue('--x', undefined), undefined, 'left out');
t.throws(() => oneValue('--x', ''), { constructor: UsageError, message: '--x needs a value' });
t.throws(() => oneValue('--x', ['a', 'b']), { constructor: UsageError, message: /stands more than once/ });

t.match(valueOption('x', 'words', { choices: ['a'] }), { type: 'string', requiresArg: true, describe: 'words' });
const { coerce } = valueOption('x', 'words');
t.throws(() => coerce?.(''), { message: '--x needs a value' });

t.equal(textOf({ a: 'b' }, 'a'), 'b');
t.equal(textOf({ a: 1 }, 'a'), undefined);
t.equal(textOf({}, 'a'), undefined);
