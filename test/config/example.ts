import { readFileSync } from 'node:fs';
import t from 'tap';
import { configOf } from '../support/config-text.js';

const example = readFileSync('conf/fdbroker.ini', 'utf8');

t.test('the example gives nothing to anybody until it is edited', async (t) => {
  const { broker, networks, rules } = configOf(example);
  t.same([networks.size, rules.length], [0, 0]);
  t.same(broker, { socketMode: 0o660, maxConnections: 256, spareTaps: 16 });
});

t.test('with the semicolons away it is right', async (t) => {
  const { broker, networks, rules } = configOf(example.replaceAll(/^;/gm, ''));
  t.same([...networks.keys()], ['lan', 'guests', 'far', 'far-stream', 'dmz', 'card', 'old-lab', 'wire0', 'lab']);
  t.same(
    rules.map(({ name }) => name),
    ['members-of-kvm', 'not-ci'],
  );
  t.same(broker.socketGroup, 36);
});

t.test('the examples of the manual page are right', async (t) => {
  const page = readFileSync('docs/man/fdbroker.ini.5', 'utf8');
  const texts = [...page.matchAll(/^\.Bd -literal.*\n(\[(?:broker|network)(?:.|\n)*?)^\.Ed$/gm)].map(
    ([, text = '']) => text,
  );
  t.equal(texts.length, 3);
  for (const text of texts) t.ok(configOf(text).rules.length > 0);
});
