import t from 'tap';
import { plural } from '../../src/core/plural.js';

t.same([plural(0, 'rule'), plural(1, 'rule'), plural(2, 'rule')], ['0 rules', '1 rule', '2 rules']);
