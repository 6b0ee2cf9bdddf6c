import t from 'tap';
import { forms, isForm } from '../../src/core/form.js';

t.test('forms', async (t) => {
  t.same(forms, ['tap', 'dgram', 'stream', 'socket']);
  for (const form of forms) t.ok(isForm(form));
  for (const text of ['', 'Tap', 'tap ', 'toString', '__proto__']) t.notOk(isForm(text), text);
});
