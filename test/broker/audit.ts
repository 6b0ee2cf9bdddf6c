import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AuditLog } from '../../src/broker/audit.js';

t.test('a record is one line of JSON, whatever a client put into it', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const log = new AuditLog(file);
  const nasty = 'x\n{"event":"granted"}\r\u2028\u0000"';
  log.write({ event: 'denied', uid: 1, network: nasty });
  log.write({ event: 'denied', uid: 2, reason: 'y'.repeat(100_000) });
  log.close();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  t.equal(lines.length, 2);
  const records = lines.map((line) => JSON.parse(line));
  t.match(records[0], { event: 'denied', uid: 1, network: nasty, time: /^\d{4}-\d\d-\d\dT/ });
  t.ok(records[1].reason.length < 1000, 'bounded');
  t.equal(statSync(file).mode & 0o777, 0o640 & ~process.umask());
});

t.test('a uid that counts for another has that one named', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const log = new AuditLog(file);
  log.accountOf = (uid) => (uid >= 100_000 ? 1000 : uid);
  log.write({ event: 'denied', uid: 100_000 });
  log.write({ event: 'denied', uid: 1000 });
  log.write({ event: 'reload' });
  log.close();
  const records = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.same(
    records.map(({ uid, account }) => [uid, account]),
    [
      [100_000, 1000],
      [1000, undefined],
      [undefined, undefined],
    ],
  );
});

t.test('refusals without end are left out, and what becomes of grants never', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const log = new AuditLog(file);
  log.accountOf = (uid) => (uid >= 100_000 ? 1000 : uid);
  const refusals = ['denied', 'refused', 'failed', 'invalid'] as const;
  for (let i = 0; i < 250; i += 1) log.write({ event: refusals[i % 4] as 'denied', uid: i % 2 === 0 ? 1000 : 100_000 });
  for (let i = 0; i < 150; i += 1) log.write({ event: 'granted', uid: 1000 });
  for (let i = 0; i < 150; i += 1) log.write({ event: 'ended', uid: 1000 });
  log.write({ event: 'denied', uid: 5 });
  log.close();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line));
  const count = (wanted: string) => records.filter(({ event }) => event === wanted).length;
  t.same([count('granted'), count('ended')], [150, 150]);
  const written = records.filter(({ event }) => refusals.includes(event)).length;
  t.equal(written + log.omitted, 251);
  t.ok(log.omitted > 0);
  t.match(records.at(-1), { event: 'omitted', uid: 1000, lines: log.omitted, reason: /refused/ });
  t.match(
    records.some(({ event, uid }) => event === 'denied' && uid === 5),
    true,
    'another user is not left out',
  );
});

t.test('it is appended to, and no link or pipe is followed', async (t) => {
  const dir = t.testdir({ 'audit.log': 'before\n' });
  const log = new AuditLog(join(dir, 'audit.log'));
  log.write({ event: 'reload' });
  log.close();
  t.match(readFileSync(join(dir, 'audit.log'), 'utf8'), /^before\n\{.*\}\n$/);
  symlinkSync(join(dir, 'audit.log'), join(dir, 'link'));
  t.throws(() => new AuditLog(join(dir, 'link')), { code: 'ELOOP' });
  mkdirSync(join(dir, 'folder'));
  t.throws(() => new AuditLog(join(dir, 'folder')));
});

t.test('lines that cannot be written are counted and told', async (t) => {
  const told: string[] = [];
  const log = new AuditLog('/dev/full', (what) => told.push(what));
  log.write({ event: 'reload' });
  log.write({ event: 'reload' });
  t.equal(log.lost, 2);
  t.same(told, ['/dev/full: ENOSPC; lines of the audit log are lost, and counted, until it can be written again']);
  log.close();
});

t.test('after a rotation it goes on in the new file', async (t) => {
  const file = join(t.testdir(), 'audit.log');
  const log = new AuditLog(file);
  log.write({ event: 'reload', reason: 'one' });
  renameSync(file, `${file}.1`);
  log.write({ event: 'reload', reason: 'two' });
  log.reopen();
  log.write({ event: 'reload', reason: 'three' });
  log.close();
  t.match(readFileSync(`${file}.1`, 'utf8'), /one.*\n.*two/);
  t.match(readFileSync(file, 'utf8'), /^[^\n]*three[^\n]*\n$/);
});
