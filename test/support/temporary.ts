/** A folder for one test, with a path short enough for a unix socket in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'fdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
