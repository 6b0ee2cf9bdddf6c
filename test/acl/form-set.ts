import t from 'tap';
import { everyForm, formSet, formsOf, hasForm } from '../../src/acl/form-set.js';
import { forms } from '../../src/core/form.js';

t.test('sets of forms', async (t) => {
  t.same(formsOf(everyForm), forms);
  t.same(formsOf(formSet([])), []);
  t.same(formsOf(formSet(['socket', 'tap', 'tap'])), ['tap', 'socket'], 'in the order of the table');
  for (const form of forms) {
    t.ok(hasForm(formSet([form]), form));
    t.notOk(hasForm(everyForm & ~formSet([form]), form));
  }
});
