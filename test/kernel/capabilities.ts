import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { networkCapabilities } from '../../src/kernel/process.js';
import { copyBuild } from '../support/copied-build.js';

const root = process.geteuid?.() === 0;
/** CAP_NET_ADMIN and CAP_NET_RAW. */
const both = '0000000000003000';
const none = '0000000000000000';
const setpriv = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** What every thread's status says of each field, after limitCapabilities, execInPlace and limitCapabilities. */
function limited(t: Test, wrapper: readonly string[], keep = networkCapabilities) {
  const module = JSON.stringify(pathToFileURL(join(copyBuild(t), 'src/kernel/process.js')).href);
  const after = `
    import { readdirSync, readFileSync, statSync } from 'node:fs';
    import { limitCapabilities } from ${module};
    const threads = readdirSync('/proc/self/task').map((task) => readFileSync('/proc/self/task/' + task + '/status', 'utf8'));
    const again = limitCapabilities(${keep});
    const owner = statSync('/proc/self/maps').uid;
    const own = readFileSync('/proc/thread-self/status', 'utf8');
    console.log(JSON.stringify({ again: again.isOk(), own, owner, threads, pid: process.pid }));`;
  const before = `
    import { execInPlace, limitCapabilities } from ${module};
    limitCapabilities(${keep})._unsafeUnwrap();
    throw execInPlace(process.execPath, ['node', '--input-type=module', '-e', ${JSON.stringify(after)}], process.env);`;
  const command = [...wrapper, process.execPath, '--input-type=module', '-e', before];
  const run = spawnSync(command[0] as string, command.slice(1), { encoding: 'utf8', cwd: '/' });
  if (run.status !== 0) throw new Error(run.stderr);
  const { again, own, owner, threads, pid } = JSON.parse(run.stdout);
  t.equal(pid, run.pid, 'the same process');
  t.ok(again);
  t.equal(owner, 0, "an undumpable process's files belong to root (proc(5))");
  t.ok(threads.length > 1, `${threads.length} threads`);
  const fields = (status: string) =>
    Object.fromEntries([...status.matchAll(/^(Cap\w+|NoNewPrivs):\s*(\S+)/gm)].map(([, name, value]) => [name, value]));
  for (const thread of threads) t.same(fields(thread), fields(own), 'all threads alike');
  return fields(own);
}

const nobodyCannot =
  root &&
  spawnSync('setpriv', [...setpriv.slice(1), process.execPath, '--version']).status !== 0 &&
  `user 65534 cannot run ${process.execPath}`;

t.test('an ordinary user has nothing, and cannot gain', { skip: nobodyCannot }, async (t) => {
  t.match(limited(t, root ? setpriv : []), { CapInh: none, CapPrm: none, CapEff: none, CapAmb: none, NoNewPrivs: '1' });
});
const service = [...setpriv, '--inh-caps=+net_admin,+net_raw,+chown', '--ambient-caps=+net_admin,+net_raw,+chown'];

interface RootCase {
  readonly who: string;
  readonly wrapper: readonly string[];
  /** Left out: as it was. */
  readonly bounding?: string;
}

const rootCases: readonly RootCase[] = [
  { who: 'root', wrapper: [], bounding: both },
  { who: 'root that may not change the bounding set', wrapper: ['setpriv', '--bounding-set=-setpcap'] },
  {
    who: "a service's user with the two and one more as ambient capabilities",
    wrapper: service,
  },
];
for (const { who, wrapper, bounding } of rootCases) {
  const skip = root ? wrapper === service && nobodyCannot : 'not root: there are no capabilities to limit';
  t.test(`${who} keeps the two`, { skip }, async (t) => {
    const status = limited(t, wrapper);
    t.match(status, { CapInh: both, CapPrm: both, CapEff: both, CapAmb: both, NoNewPrivs: '1' });
    if (bounding !== undefined) t.equal(status['CapBnd'], bounding);
  });
}

t.test('root without one of the two does not gain it', { skip: !root && 'not root' }, async (t) => {
  const status = limited(t, ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']);
  t.match(status, { CapPrm: '0000000000001000', CapEff: '0000000000001000', NoNewPrivs: '1' });
});

t.test('root that is to keep none has none', { skip: !root && 'not root' }, async (t) => {
  for (const wrapper of [[], ['setpriv', '--bounding-set=-setpcap']]) {
    t.match(limited(t, wrapper, 0), { CapInh: none, CapPrm: none, CapEff: none, CapAmb: none, NoNewPrivs: '1' });
  }
});
