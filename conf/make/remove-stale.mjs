// Removes compiled files whose TypeScript source is gone, so that no deleted test goes on running.
import { existsSync, readdirSync, rmSync } from 'node:fs';

const compiled = /(\.js|\.js\.map|\.d\.ts)$/;
const build = process.argv[2] ?? 'build';
for (const part of ['src', 'test']) {
  if (!existsSync(`${build}/${part}`)) continue;
  for (const name of readdirSync(`${build}/${part}`, { recursive: true })) {
    const source = `${part}/${name.replace(compiled, '.ts')}`;
    if (compiled.test(name) && !existsSync(source)) rmSync(`${build}/${part}/${name}`);
  }
}
