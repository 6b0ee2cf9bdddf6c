/** `make install`: what it puts where runs from there, wherever that is moved to, with no source tree around. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { inProject, projectFolder } from '../support/project.js';
import { temporaryFolder } from '../support/temporary.js';

/** The outer make's flags and jobs are not for the one run here. */
const { MAKEFLAGS: _flags, MAKELEVEL: _level, ...environment } = process.env;
const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

function make(...args: string[]): void {
  const done = spawnSync('make', ['-C', projectFolder, ...args], { encoding: 'utf8', env: environment });
  if (done.status !== 0) throw new Error(`make ${args.join(' ')}: ${done.stdout}${done.stderr}`);
}

const folder = temporaryFolder(t);
chmodSync(folder, 0o755);
make('install', `DESTDIR=${folder}/staged`, 'PREFIX=/opt/fdb');
renameSync(`${folder}/staged/opt/fdb`, `${folder}/moved`);
const root = `${folder}/moved`;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => !statSync(join(root, file)).isDirectory(),
);

/** Node alone, in a folder with nothing else, and the system's programs. */
const path = `${folder}/node:/usr/bin:/bin`;
mkdirSync(`${folder}/node`);
writeFileSync(`${folder}/node/node`, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });

function run(program: string, ...args: string[]) {
  const options = { encoding: 'utf8', cwd: '/', env: { PATH: path, HOME: folder } } as const;
  return spawnSync(join(root, program), args, options);
}

t.test('everything is in its place', async (t) => {
  t.same(
    [
      ...['bin/fdbroker', 'sbin/fdbrokerd', 'libexec/fdbroker-helper', 'lib/fdbroker/native/fdbroker.node'],
      ...['lib/fdbroker/native/fdbroker-keeper', 'lib/systemd/system/fdbroker-keeper.service'],
      ...['lib/systemd/system/fdbroker.service', 'lib/systemd/system/fdbroker.socket'],
      ...['lib/sysusers.d/fdbroker.conf', 'lib/tmpfiles.d/fdbroker.conf', 'lib/udev/rules.d/60-fdbroker.rules'],
      ...[
        'share/doc/fdbroker/examples/fdbroker.ini',
        'share/man/man1/fdbroker.1',
        'share/man/man8/fdbrokerd.8',
        'sbin/fdbroker-switchd',
      ],
      ...['share/man/man8/fdbroker-helper.8', 'share/man/man5/fdbroker.ini.5'],
      ...['share/bash-completion/completions/fdbroker', 'share/zsh/site-functions/_fdbroker'],
    ].filter((file) => !files.includes(file)),
    [],
  );
  t.same(readdirSync(`${folder}/staged`), ['opt'], 'nothing outside PREFIX, above all not in etc');
  t.match(readFileSync(`${root}/lib/systemd/system/fdbroker.service`, 'utf8'), '\nExecStart=/opt/fdb/sbin/fdbrokerd\n');
});

t.test('nothing of development is installed', async (t) => {
  const packages = readdirSync(`${root}/lib/fdbroker/node_modules`);
  for (const name of ['neverthrow', 'ini', 'yargs', 'node-unix-socket']) t.ok(packages.includes(name), name);
  for (const name of ['@rollup', 'typescript', 'tap', '@types']) t.notOk(packages.includes(name), name);
  const own = files.filter((file) => !file.includes('node_modules/'));
  t.same(
    own.filter((file) => /(?<!\.d)\.ts$|\.(map|c|h)$|\/test\//.test(file)),
    [],
  );
  const text = own.filter((file) => !/\.node$|fdbroker-(helper|keeper)$/.test(file));
  t.same(
    text.filter((file) => readFileSync(join(root, file), 'utf8').includes(projectFolder)),
    [],
  );
});

t.test('anyone may read it', async (t) => {
  const closed = files.filter((file) => (statSync(join(root, file)).mode & 0o444) !== 0o444);
  t.same(closed, []);
});

t.test('the programs run', async (t) => {
  t.match(run('bin/fdbroker', '--version').stdout, version);
  t.match(run('libexec/fdbroker-helper', '--version').stdout, version);
  t.match(run('sbin/fdbrokerd', '--version').stdout, version);
  t.equal(run('bin/fdbroker', 'check', `${root}/share/doc/fdbroker/examples/nothing.ini`).status, 1);
});

t.test('the broker serves', async (t) => {
  const config = `${folder}/fdbroker.ini`;
  const socket = `${folder}/control`;
  writeFileSync(
    config,
    '[network lan]\ntype = bridge\nbridge = br0\n[rule me]\neffect = allow\nuser[] = *\nnetwork[] = lan\n',
  );
  chmodSync(config, 0o644);
  t.equal(run('bin/fdbroker', 'check', config).status, 0);
  const broker = spawn(`${root}/sbin/fdbrokerd`, ['--user', '--config', config, '--socket', socket], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
    env: { PATH: path, HOME: folder },
  });
  let said = '';
  broker.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((resolve) => broker.on('close', resolve));
  t.teardown(() => broker.kill('SIGKILL'));
  while (!existsSync(socket) && broker.exitCode === null) await delay(20);
  if (broker.exitCode !== null) throw new Error(`fdbrokerd ended: ${said}`);
  const status = run('bin/fdbroker', 'status', '--json', '--socket', socket);
  t.equal(status.status, 0, status.stderr);
  t.equal(JSON.parse(status.stdout).version, version);
  const flags = readFileSync(`/proc/${broker.pid}/cmdline`, 'utf8').split('\0');
  for (const flag of ['--jitless', '--no-expose-wasm', '--max-semi-space-size=1']) t.ok(flags.includes(flag), flag);
  broker.kill('SIGTERM');
  t.equal(await ended, 0);
});

t.test('a program that imports it has its types', async (t) => {
  const project = `${folder}/project`;
  mkdirSync(`${project}/node_modules/@types`, { recursive: true });
  symlinkSync(`${root}/lib/fdbroker`, `${project}/node_modules/fdbroker`);
  for (const types of ['@types/node', 'undici-types']) {
    symlinkSync(inProject(`node_modules/${types}`), `${project}/node_modules/${types}`);
  }
  const settings = { module: 'NodeNext', target: 'ES2022', lib: ['ES2023', 'ESNext.Disposable'], types: ['node'] };
  const compilerOptions = { ...settings, strict: true, skipLibCheck: false, outDir: 'out', rootDir: '.' };
  writeFileSync(`${project}/package.json`, '{"type":"module"}');
  writeFileSync(`${project}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const asks = `import { describeClientError, type Form, open } from 'fdbroker';
    const opened = await open({ network: 'lan', queues: 2, vhost: 'auto', socket: '/nonexistent/control' });
    if (opened.isErr()) console.log(describeClientError(opened.error));
    else { const form: Form = opened.value.form; console.log(form, opened.value.fds.map(({ fd }) => fd.toFixed())); }`;
  const compile = (text: string) => {
    writeFileSync(`${project}/ask.ts`, text);
    return spawnSync(process.execPath, [inProject('node_modules/typescript/bin/tsc'), '-p', project], {
      encoding: 'utf8',
    });
  };
  t.match(compile(asks.replace('queues: 2', 'queues: "2"')).stdout, /TS2322/, 'a wrong type is seen');
  const good = compile(asks);
  t.equal(good.stdout, '');
  t.equal(good.status, 0);
  const ran = spawnSync(process.execPath, [`${project}/out/ask.js`], { encoding: 'utf8', cwd: project });
  t.match(ran.stdout, /^no broker is running: \/nonexistent\/control/, ran.stderr);
});

t.test('uninstalling leaves nothing, of folders what was there before and what others use', async (t) => {
  renameSync(root, `${folder}/staged/opt/fdb`);
  const at = [`DESTDIR=${folder}/staged`, 'PREFIX=/opt/fdb'];
  make('uninstall', ...at);
  t.same(readdirSync(`${folder}/staged/opt`), []);

  mkdirSync(`${folder}/staged/opt/fdb/share/man`, { recursive: true });
  make('install', ...at);
  make('install', ...at);
  writeFileSync(`${folder}/staged/opt/fdb/libexec/other`, '');
  make('uninstall', ...at);
  const left = readdirSync(`${folder}/staged/opt`, { recursive: true, encoding: 'utf8' });
  t.same(left.sort(), ['fdb', 'fdb/libexec', 'fdb/libexec/other', 'fdb/share', 'fdb/share/man']);
});
