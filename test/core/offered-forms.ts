import t from 'tap';
import { offeredForms } from '../../src/core/offered-forms.js';
import { offeredForms as opened } from '../../src/networks/open.js';
import { bridgeNetwork } from '../support/policy.js';

t.same(offeredForms, { bridge: opened(bridgeNetwork()) }, 'what explain tells is what the broker opens');
