/** What stands for descriptors in a command. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import {
  checkPlaceholders,
  fdsVariable,
  fillPlaceholders,
  quoteForShell,
  tellsAddress,
  toVariable,
} from '../../src/cli/placeholders.js';

const lan = { name: 'lan', fds: [21], vhostFds: [], mac: '52:54:00:00:00:01', mtu: 1500 };
const lab = { name: 'lab.1', fds: [22, 23], vhostFds: [24, 25], mac: '52:54:00:00:00:02', mtu: 9000 };

t.same(fillPlaceholders(['{fd}', 'x={fd:lan},{mac}', '{mtu}', '{vhostfd}'], [lan]), [
  ...['21', 'x=21,52:54:00:00:00:01', '1500', ''],
]);
t.same(fillPlaceholders(['{fd:lab.1}/{vhostfd:lab.1}', '{fd:lan}{mtu:lab.1}'], [lan, lab]), ['22:23/24:25', '219000']);
t.same(fillPlaceholders(['{fd}', '{}', '{fdx}', '${fd'], []), ['{fd}', '{}', '{fdx}', '${fd']);

t.ok(checkPlaceholders(['{fd}', '{fd:other}'], []).isOk(), 'braces of a program’s own');
t.ok(checkPlaceholders(['{fd}', 'x{fd:lan}y'], ['lan']).isOk());
t.equal(checkPlaceholders(['{fd}'], ['lan', 'lab'])._unsafeUnwrapErr(), '{fd} does not say which: lan, lab');
t.equal(checkPlaceholders(['a{mac:x}'], ['lan'])._unsafeUnwrapErr(), '{mac:x} names none of the networks lan');

t.ok(tellsAddress(['{fd}', 'x={mac}'], 'lan'));
t.ok(tellsAddress(['{mac:lan}{mac:lab}'], 'lab'));
t.notOk(tellsAddress(['{fd}', '{mac:lab}', 'mac'], 'lan'));

const group = { ...lan, name: 'old-lab', to: '230.0.0.1:1234' };
t.same(fillPlaceholders(['{to}', 'x{to:old-lab}'], [group]), ['230.0.0.1:1234', 'x230.0.0.1:1234']);
t.same(fillPlaceholders(['{to}'], [lan]), ['']);
t.equal(
  toVariable([lan, group, { ...group, name: 'six', to: '[ff15::1]:1' }]),
  'old-lab=230.0.0.1:1234 six=[ff15::1]:1',
);
t.equal(toVariable([lan]), '');

t.equal(fdsVariable([lan]), 'lan=21');
t.equal(fdsVariable([lan, lab]), 'lan=21 lab.1=22:23 lab.1:vhost=24:25');

const words = ['printf', '%s\\n', 'plain', '', 'a b', "it's", '$HOME', 'x=1,,2', '*', 'ä\n"'];
const { stdout } = spawnSync('/bin/sh', ['-c', quoteForShell(words)], { encoding: 'utf8' });
t.equal(
  stdout,
  words
    .slice(2)
    .map((word) => `${word}\n`)
    .join(''),
  'a shell reads back what was written',
);
