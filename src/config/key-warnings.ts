/** Key files that the broker is going to refuse when the first guest of their network comes, by what stat(2) tells of them. */
import { statSync } from 'node:fs';
import type { Accounts, Config, ConfigError, QdesNetwork } from '../core/config.js';

/**
 * Key files that are not there, or that others may read. Files that the caller may not look at are passed over.
 *
 * @param user the broker's, who must be able to read them; undefined: it is not known whose the broker is.
 */
export function warnOfKeyFiles({ networks }: Config, user: string | undefined, accounts: Accounts): ConfigError[] {
  const qdes = [...networks.values()].filter((network): network is QdesNetwork => network.type === 'qdes');
  return qdes.flatMap(({ keyFile, name, origin }) => {
    const wrong = keyFile === undefined ? undefined : refusal(keyFile, user, accounts);
    if (wrong === undefined) return [];
    return [{ tag: 'config', ...origin, what: `[network ${name}] will have no guest: ${wrong}` }];
  });
}

function refusal(path: string, user: string | undefined, accounts: Accounts): string | undefined {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? `${path} is not there; make it by: openssl rand -hex 32, and the same on every host` : undefined;
  }
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  if ((stats.mode & 0o027) !== 0) return `${path} is open to others (mode ${mode}): chmod 0640 ${path}`;
  const uid = user === undefined ? undefined : accounts.userId(user);
  const groups = user === undefined ? undefined : accounts.groupsOf(user);
  if (uid === undefined || groups === undefined || stats.uid === uid) return undefined;
  const mine = [groups.gid, ...groups.groups].includes(stats.gid) && (stats.mode & 0o040) !== 0;
  const remedy = `chgrp ${user} ${path} && chmod 0640 ${path}`;
  return mine ? undefined : `the broker's user, ${user}, may not read ${path} (mode ${mode}): ${remedy}`;
}
