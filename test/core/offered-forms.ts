import t from 'tap';
import { forms } from '../../src/core/form.js';
import { offeredForms } from '../../src/core/offered-forms.js';

for (const [type, offered] of Object.entries(offeredForms)) {
  t.ok(offered.length > 0, `${type} offers something`);
  t.same(
    offered,
    forms.filter((form) => offered.includes(form)),
    'known forms, each once, the one for QEMU first',
  );
}
