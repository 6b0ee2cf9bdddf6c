import t from 'tap';
import { offeredForms } from '../../src/core/offered-forms.js';
import { isSwitchedForm, isSwitchedNetwork, switchedForms } from '../../src/core/switched.js';
import { bridgeNetwork } from '../support/policy.js';
import { multicastNetwork, udpNetwork } from '../support/socket-networks.js';

t.test('what the switch carries', async (t) => {
  t.ok(isSwitchedNetwork(multicastNetwork()));
  for (const other of [bridgeNetwork(), udpNetwork()]) t.notOk(isSwitchedNetwork(other), other.type);
  for (const form of switchedForms) {
    t.ok(isSwitchedForm(form));
    t.ok(offeredForms(multicastNetwork()).includes(form));
  }
  t.notOk(isSwitchedForm('socket'));
});
