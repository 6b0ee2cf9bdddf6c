/** Where the checkout lies, for tests that run what was built or read what is not compiled. */
import { fileURLToPath } from 'node:url';

/** Absolute; ends with a slash. Compiled tests lie in build/test. */
export const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));

/** @param path relative to the top of the checkout. */
export function inProject(path: string): string {
  return projectFolder + path;
}
