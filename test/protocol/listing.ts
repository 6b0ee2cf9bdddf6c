/** The shapes of listings are documented: fdbroker(1) and docs/protocol.md name every field that the client checks. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { networkShape, portShape, reloadShape, statusShape } from '../../src/client/shape.js';
import { portStates } from '../../src/protocol/listing.js';
import { inProject } from '../support/project.js';

const page = readFileSync(inProject('docs/man/fdbroker.1'), 'utf8');
const [, json = ''] = page.split('.Sh JSON\n');
const words = new Set(json.split('\n.Sh ')[0]?.split(/[\s,]+/));
const protocol = readFileSync(inProject('docs/protocol.md'), 'utf8');

for (const [name, shape] of Object.entries({ networkShape, portShape, statusShape, reloadShape })) {
  for (const field of Object.keys(shape)) {
    t.ok(words.has(field), `${name}: ${field}`);
    t.ok(protocol.includes(`\`${field}\``), `${name}: ${field}, in the protocol`);
  }
}
for (const state of portStates) {
  t.ok(page.includes(`\n.Cm ${state}`), state);
  t.ok(protocol.includes(`\`${state}\``), `${state}, in the protocol`);
}
