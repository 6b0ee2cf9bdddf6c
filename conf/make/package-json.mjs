// Prints the package.json of a built or installed fdbroker: what running it needs, and nothing about developing it.
import { readFileSync } from 'node:fs';

const { name, version, description, license, type, engines, os, dependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
const exports = { types: './src/client/index.d.ts', default: './src/client/index.js' };
console.log(JSON.stringify({ name, version, description, license, type, exports, engines, os, dependencies }, null, 2));
