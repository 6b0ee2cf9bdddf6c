import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { readVersion } from '../../src/bin/version.js';
import { inProject } from '../support/project.js';

t.equal(readVersion(), JSON.parse(readFileSync(inProject('package.json'), 'utf8')).version);

const folder = t.testdir({ 'package.json': '{"version":"1.2.3"}' });
const below = path.join(folder, 'src/bin');
mkdirSync(below, { recursive: true });
t.equal(readVersion(below), '1.2.3', 'further up');
writeFileSync(path.join(below, 'package.json'), '{"version":"4.5.6"}');
t.equal(readVersion(below), '4.5.6', 'the nearest');
t.throws(() => readVersion('/proc'), /no package.json/);
