/** How many refusals of a user are in the audit log, and what is said of the rest. */
import t from 'tap';
import { AuditBudget } from '../../src/broker/audit-budget.js';

function budget() {
  let now = 0;
  const told: [number, number][] = [];
  const it = new AuditBudget(
    (uid, lines) => told.push([uid, lines]),
    () => now,
  );
  const takes = (uid: number, times: number) =>
    Array.from({ length: times }, () => it.take(uid)).filter(Boolean).length;
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { it, told, takes, pass };
}

t.test('a burst, and then one in a second, each user for itself', async (t) => {
  const { it, told, takes, pass } = budget();
  t.equal(takes(1, 1000), 100);
  t.equal(takes(2, 50), 50);
  pass(5000);
  t.equal(takes(1, 10), 5);
  t.same(told, []);
  it.look();
  t.same(told, [[1, 905]], 'who was left out, and of how many lines');
  it.look();
  t.same(told, [[1, 905]], 'once');
  pass(3_600_000);
  t.equal(takes(1, 1000), 100, 'never more at once');
  it[Symbol.dispose]();
  t.same(told.at(-1), [1, 900], 'also in the end');
});

t.test('users beyond those that are counted share what one has', async (t) => {
  const { it, told, takes, pass } = budget();
  for (let uid = 0; uid < 4096; uid += 1) it.take(uid);
  t.equal(takes(5000, 80) + takes(5001, 80), 100);
  t.equal(takes(7, 10), 10, 'and take nothing from the others');
  it.look();
  t.same(told, [[-1, 60]]);
  pass(200_000);
  t.equal(takes(5002, 100), 100, 'those who have been quiet are forgotten');
  it[Symbol.dispose]();
  t.equal(told.length, 1);
});
