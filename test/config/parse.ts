import t from 'tap';
import { ErrorList, formatConfigError } from '../../src/config/errors.js';
import { parseTexts } from '../../src/config/parse.js';
import { testAccounts } from '../support/accounts.js';
import { configOf, errorsOf } from '../support/config-text.js';

const lan = '[network lan]\ntype = bridge\nbridge = br0\n';

function parsed(files: Readonly<Record<string, string>>, whole = true) {
  const errors = new ErrorList();
  const texts = Object.entries(files).map(([file, text]) => ({ file, bytes: Buffer.from(text) }));
  const config = parseTexts(texts, testAccounts, errors, { whole });
  return { config, errors: errors.sorted(Object.keys(files)).map(formatConfigError) };
}

t.test('an empty configuration grants nothing', async (t) => {
  const config = configOf('; nothing\n');
  t.equal(config.networks.size + config.rules.length, 0);
  t.same(config.files, ['a.ini']);
});

t.test('sections that are not known', async (t) => {
  t.same(errorsOf('[netwrk lan]\ntype = bridge\n'), [
    'a.ini:1: [netwrk lan] is not a section; allowed are [broker], [network NAME] and [rule NAME]; did you mean network?',
  ]);
  t.match(errorsOf('[include x]\n'), [/^a.ini:1: \[include x\] is not a section; allowed are .*\[rule NAME\]$/]);
  t.match(errorsOf('[Network lan]\n'), [/did you mean network\?$/]);
  t.match(errorsOf('[constructor x]\n[toString]\n'), [/^a.ini:1: /, /^a.ini:2: /]);
  t.match(errorsOf('[broker x]\n'), ['a.ini:1: [broker x] has a name; write [broker]']);
  t.match(errorsOf(lan.replace(' lan', '')), ['a.ini:1: [network] has no name; write [network NAME]']);
  const mentioned = '[rule x]\neffect = deny\nuser[] = *\nnetwork[] = lna\n';
  t.match(
    errorsOf(lan.replace(' lan', '') + mentioned),
    [/has no name/, /^a.ini:7: network\[\] = lna: there is no such network; add a section \[network lna\]/],
    'what has no name is nothing that could be meant',
  );
  t.match(errorsOf(`[rule a;b]\neffect = deny\nuser[] = *\nnetwork[] = lan\n${lan}`), [
    /^a.ini:1: "a;b" is not the name of a rule/,
  ]);
});

t.test('a section stands once, in all files together', async (t) => {
  const again = 'already; a section may stand once in all files together';
  t.same(errorsOf(`${lan}; x\n${lan}`), [`a.ini:5: [network lan] was written at a.ini:1 ${again}`]);
  const { errors } = parsed({ 'a.ini': `[broker]\n${lan}`, 'conf.d/b.ini': `${lan}[broker]\n` });
  t.same(errors, [
    `conf.d/b.ini:1: [network lan] was written at a.ini:2 ${again}`,
    `conf.d/b.ini:4: [broker] was written at a.ini:1 ${again}`,
  ]);
  t.same(
    errorsOf(`${lan}[rule lan]\neffect = deny\nuser[] = *\nnetwork[] = lan\n`),
    [],
    'a rule may have a network’s name',
  );
});

t.test('a rule finds its network in another file, before or after', async (t) => {
  const rule = '[rule r]\neffect = allow\nuser[] = *\nnetwork[] = lan\n';
  const { config, errors } = parsed({ 'a.ini': rule, 'b.ini': lan });
  t.same(errors, []);
  t.same(config.files, ['a.ini', 'b.ini']);
  t.same(config.rules[0]?.origin, { file: 'a.ini', line: 1 });
  t.match(parsed({ 'a.ini': rule }).errors, [/^a.ini:4: network\[\] = lan: there is no such network/]);
  t.same(parsed({ 'a.ini': rule }, false).errors, [], 'unless a file could not be read');
});

t.test('a network with errors of its own is not also missing', async (t) => {
  const text = '[network lan]\ntype = bridg\n[rule r]\neffect = allow\nuser[] = *\nnetwork[] = lan\n';
  t.match(errorsOf(text), [/^a.ini:2: type: "bridg" is not allowed/]);
});

t.test('every error of all files at once', async (t) => {
  const { errors } = parsed({
    'a.ini': '[broker]\nsocket-mode = 9\nx\n[network lan]\ntype = bridge\nmtu = 1\n',
    'b.ini': '[rule r]\neffect = alow\nnetwork[] = lam\n',
    'c.ini': '[rule r]\nuser[] = nobody-here\n',
  });
  t.same(
    errors.map((text) => text.replace(/^(\S+): .*/, '$1')),
    [
      ...['a.ini:2', 'a.ini:3', 'a.ini:4', 'a.ini:6'],
      ...['b.ini:1', 'b.ini:2', 'b.ini:3'],
      ...['c.ini:1', 'c.ini:1', 'c.ini:1', 'c.ini:2'],
    ],
  );
});

t.test('what the ini package silently reads otherwise is refused here', async (t) => {
  const traps: [string, number][] = [
    [`${lan}mtu = 1400\nmtu = 9000\n`, 5], // the second replaces the first
    [`${lan}${lan}`, 4], // sections merge
    ['[network.lan]\ntype = bridge\nbridge = br0\n', 1], // nests
    [`${lan}hairpin\n`, 4], // becomes true
    [`${lan}[rule x\neffect = deny\n`, 4], // the keys go to the section above
    [`[__proto__]\n${lan}`, 1], // vanishes
    [`${lan}__proto__ = x\n`, 4], // vanishes
    [`\ufeff${lan}`, 1], // the section is lost
    [` ${lan}`, 1], // the section is lost
    [`${lan}; x\u2028isolated = yes\n`, 4], // the line is lost
    [`${lan}; x\risolated = yes\n`, 4], // the comment ends at the carriage return
    [`${lan}vlan = 20#0\n`, 4], // cut
    [`${lan}vlan = 2;0\n`, 4], // cut
    [`${lan}vlan = "20"\n`, 4], // JSON
    [`${lan}isolated = true\n`, 4], // a boolean
    [`${lan}[rule r]\neffect = deny\nnetwork[] = lan\nuser = ci\nuser[] = alice\n`, 7], // merge
  ];
  for (const [text, line] of traps) {
    const errors = errorsOf(text);
    t.ok(
      errors.some((error) => error.startsWith(`a.ini:${line}: `)),
      encodeURIComponent(text),
    );
  }
});
