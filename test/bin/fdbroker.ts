/** The program as a process: its exit status, its streams, and that it ends. */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { badConfig, configFolder, goodConfig } from '../support/config-files.js';
import { fdbrokerProcess, program } from '../support/fdbroker.js';
import { ScriptedServer } from '../support/scripted-server.js';

const folder = configFolder(t, { 'good.ini': goodConfig, 'bad.ini': badConfig, 'bridge.conf': 'allow br0\n' });
const good = path.join(folder, 'good.ini');

t.test('exit statuses reach the shell', async (t) => {
  const summary = { version: '9', pid: 1, since: 0, config: { state: 'ok' } };
  using server = new ScriptedServer(({ ok }) => ok({ data: JSON.stringify(summary) })).start();
  using silent = new ScriptedServer(() => {}).start();
  const cases: [args: string[], status: number][] = [
    [['check', good], 0],
    [['check', path.join(folder, 'bad.ini')], 1],
    [['explain', `--config=${good}`, '--network=lan', '--user=0'], 0],
    [['explain', `--config=${good}`, '--network=lan', '--user=4000000001'], 1],
    [['import-bridge-conf', path.join(folder, 'bridge.conf')], 0],
    [['nonsense'], 2],
    [['status', `--socket=${server.path}`], 0],
    [['status', `--socket=${folder}/none`], 3],
    [['status', `--socket=${silent.path}`, '--timeout=0.1'], 3],
  ];
  for (const [args, expected] of cases) {
    const { status, stdout, stderr } = await fdbrokerProcess(args);
    t.equal(status, expected, args.join(' '));
    t.equal(stderr === '', expected < 2, 'complaints go to standard error');
    t.equal(stdout === '', expected >= 2);
  }
});

t.test('a reader that has enough is no error', async (t) => {
  const early = await fdbrokerProcess(['--help'], {}, (child) => child.stdout?.destroy());
  t.same(early, { status: 0, stdout: '', stderr: '' });
});

t.test('output that is lost is an error', async (t) => {
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  const { status, stderr } = spawnSync(process.execPath, [program, '--help'], {
    encoding: 'utf8',
    stdio: ['ignore', full, 'pipe'],
  });
  t.equal(status, 4);
  t.equal(stderr, 'fdbroker: cannot write to standard output: ENOSPC\n');
});
