import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { assertRefusal, exit, onEachBuild, qemuArguments } from '../support/helper-stage.js';
import { inProject } from '../support/project.js';

/** Past its arguments the helper looks for this. */
const nowhere = '--socket=/nonexistent/control';

const accepted: Readonly<Record<string, readonly string[]>> = {
  'as QEMU passes them': [...qemuArguments],
  'in another order': ['--br=br0', '--fd=%FD%', '--use-vnet'],
  'without a virtio-net header': ['--fd=%FD%', '--br=br0'],
  'a network instead of a bridge': ['--network=lab', '--use-vnet', '--fd=%FD%'],
  'a network besides a bridge': ['--network=lab', ...qemuArguments],
  'a MAC address': ['--mac=52:54:00:12:34:56', ...qemuArguments],
  'the shortest timeout': ['--timeout=1', ...qemuArguments],
  'the longest timeout': ['--timeout=300', ...qemuArguments],
  'a network of 63 letters': [`--network=${'n'.repeat(63)}`, ...qemuArguments],
  'a network that the broker will judge': ['--network=lán/../%d', ...qemuArguments],
};

const refused: Readonly<Record<string, readonly [RegExp, ...string[]]>> = {
  nothing: [/no --fd= from 3 up/],
  'no --fd=': [/no --fd= from 3 up/, '--use-vnet', '--br=br0'],
  '--fd= without a number': [/"--fd=" .*lacks its value/, '--fd=', '--br=br0'],
  '--fd= with a word': [/no --fd= from 3 up/, '--fd=x', '--br=br0'],
  '--fd= with a sign': [/no --fd= from 3 up/, '--fd=+5', '--br=br0'],
  '--fd= with a blank': [/no --fd= from 3 up/, '--fd= 5', '--br=br0'],
  '--fd= with a unit': [/no --fd= from 3 up/, '--fd=5x', '--br=br0'],
  '--fd= below 0': [/no --fd= from 3 up/, '--fd=-1', '--br=br0'],
  '--fd= of stdin': [/no --fd= from 3 up/, '--fd=0', '--br=br0'],
  '--fd= of stderr': [/no --fd= from 3 up/, '--fd=2', '--br=br0'],
  '--fd= beyond an int': [/no --fd= from 3 up/, '--fd=4294967299', '--br=br0'],
  '--fd= of nothing open': [/--fd= names no open unix socket/, '--fd=999', '--br=br0'],
  'no network': [/no network is named/, '--use-vnet', '--fd=%FD%'],
  'an empty bridge': [/"--br=" .*lacks its value/, '--fd=%FD%', '--br='],
  'an empty network': [/"--network=" .*lacks its value/, ...qemuArguments, '--network='],
  'an empty MAC address': [/"--mac=" .*lacks its value/, ...qemuArguments, '--mac='],
  'an empty socket': [/"--socket=" .*lacks its value/, ...qemuArguments, '--socket='],
  'an empty timeout': [/"--timeout=" .*lacks its value/, ...qemuArguments, '--timeout='],
  'a timeout of 0': [/--timeout=0 is not .* 1 to 300/, ...qemuArguments, '--timeout=0'],
  'a timeout of 301': [/--timeout=301 is not/, ...qemuArguments, '--timeout=301'],
  'a timeout with a fraction': [/--timeout=1\.5 is not/, ...qemuArguments, '--timeout=1.5'],
  'a timeout beyond an int': [/is not a number of seconds/, ...qemuArguments, '--timeout=4294967297'],
  '--fd= twice': [/"--fd=" is given twice/, ...qemuArguments, '--fd=%FD%'],
  '--br= twice': [/"--br=" is given twice/, ...qemuArguments, '--br=br1'],
  '--network= twice': [/"--network=" is given twice/, ...qemuArguments, '--network=a', '--network=a'],
  '--use-vnet twice': [/"--use-vnet" is given twice/, ...qemuArguments, '--use-vnet'],
  '--use-vnet with a value': [/"--use-vnet=1" is no argument/, '--use-vnet=1', '--fd=%FD%', '--br=br0'],
  'an unknown argument': [/"--vhost" is no argument/, ...qemuArguments, '--vhost'],
  'a word': [/"lab" is no argument/, ...qemuArguments, 'lab'],
  'an empty word': [/"" is no argument/, ...qemuArguments, ''],
  'a name and its value apart': [/"--network" is no argument/, ...qemuArguments, '--network', 'lab'],
  'a dash': [/"-" is no argument/, ...qemuArguments, '-'],
  'a line feed in the network': [/a control character/, ...qemuArguments, '--network=lan\nmac=52:54:00:00:00:01'],
  'a line feed in the bridge': [/a control character/, '--fd=%FD%', '--br=br0\n'],
  'a line feed in the MAC address': [/a control character/, ...qemuArguments, '--mac=52:54:00:00:00:01\nform=socket'],
  'an escape in an unknown argument': [/a control character/, ...qemuArguments, '--\u001b[2J'],
  'a C1 control character': [/a control character/, ...qemuArguments, '--network=\u009b2J'],
  'a line separator': [/a control character/, ...qemuArguments, '--network=a\u2028b'],
  'an argument of 256 bytes': [/over 255 bytes/, ...qemuArguments, `--network=${'n'.repeat(246)}`],
  // With a status of 0 QEMU would take a descriptor that was never sent.
  '--version among others': [/"--version" is no argument/, '--version', ...qemuArguments],
  '--help among others': [/"--help" is no argument/, ...qemuArguments, '--help'],
};

onEachBuild(t, async (t, stage) => {
  for (const [name, words] of Object.entries(accepted)) {
    assertRefusal(t, await stage.run({}, nowhere, ...words), exit.unreachable, /\/nonexistent\/control/, name);
  }
  for (const [name, [sentence, ...words]] of Object.entries(refused)) {
    assertRefusal(t, await stage.run({}, ...words), exit.usage, sentence, name);
  }
  const raw = await stage.runProgram({}, '/bin/sh', '-c', `exec ${stage.helper} --fd=%FD% --br=$(printf '\\377')`);
  assertRefusal(t, raw, exit.usage, /no UTF-8/, 'bytes that are not UTF-8');

  const help = await stage.run({}, '--help');
  t.same([help.status, help.stderr, help.bytes], [0, '', 0], '--help');
  for (const name of ['fd', 'br', 'network', 'mac', 'socket', 'timeout']) t.match(help.stdout, `--${name}=`);
  const full = await stage.runProgram({}, '/bin/sh', '-c', `${stage.helper} --help >/dev/full`);
  t.equal(full.status, exit.broken, '--help that cannot be written');
});

t.test('--version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const run = spawnSync(inProject('build/fdbroker-helper'), ['--version'], { encoding: 'utf8' });
  t.same([run.status, run.stdout, run.stderr], [0, `fdbroker-helper ${version}\n`, '']);
});
