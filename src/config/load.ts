/** Reads the configuration as it lies on the disk: the main file, then conf.d/*.ini beside it in byte order. */
import { isUtf8 } from 'node:buffer';
import { dirname, join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import type { Accounts, Config, ConfigError } from '../core/config.js';
import { ErrorList } from './errors.js';
import { hiddenCharacter } from './line.js';
import { type ConfigText, parseTexts } from './parse.js';
import { readSubordinates } from './subordinates.js';
import { checkTrustedDirectory, listDirectory, missing, readTrustedFile } from './trusted-file.js';

export interface LoadOptions {
  readonly accounts: Accounts;
  /** Who must own the files and their directories: 0, in user mode the user. Root's are always good enough. */
  readonly owner: number;
  /** Where the host's ranges of subordinate uids are; left out: /etc/subuid. */
  readonly subuid?: string;
}

/** All of the configuration, or every error of all files. Nothing is kept between two calls. */
export function loadConfig(main: string, options: LoadOptions): Result<Config, readonly ConfigError[]> {
  const errors = new ErrorList();
  const refuse = (file: string, what: string) => errors.add({ file, line: 0 }, what);
  const directory = dirname(main);
  checkTrustedDirectory(directory, options.owner).mapErr(({ what }) => {
    if (what !== missing) refuse(directory, what);
  });
  const dropIns = join(directory, 'conf.d');
  const files = [main, ...listDropIns(dropIns, options.owner, refuse)];
  const texts = files.flatMap((file): ConfigText[] =>
    readTrustedFile(file, options.owner).match(
      (bytes) => [{ file, bytes }],
      ({ what }) => {
        const remedy = what === missing ? '; write it, as fdbroker.ini(5) shows, or name another file' : '';
        refuse(file, `${what}${remedy}`);
        return [];
      },
    ),
  );
  // A rule's network may stand in a file that could not be read
  const config = parseTexts(texts, options.accounts, errors, { whole: texts.length === files.length });
  const subuid = options.subuid ?? '/etc/subuid';
  const subordinates = readSubordinates(subuid, (name) => options.accounts.userId(name)).match(
    (ranges) => ranges,
    ({ what }) => {
      refuse(subuid, what);
      return [];
    },
  );
  if (errors.count > 0) return err(errors.sorted([directory, main, dropIns, ...files.slice(1), subuid]));
  return ok({ ...config, subordinates });
}

function listDropIns(directory: string, owner: number, refuse: (file: string, what: string) => void): string[] {
  const names = listDirectory(directory);
  if (names.isErr()) {
    refuse(directory, names.error.what);
    return [];
  }
  if (names.value === undefined) return [];
  checkTrustedDirectory(directory, owner).mapErr(({ what }) => refuse(directory, what));
  return names.value.flatMap((bytes) => {
    const name = bytes.toString('utf8');
    if (!name.endsWith('.ini') || name.startsWith('.')) return [];
    const shown = name.replaceAll(new RegExp(`${hiddenCharacter.source}|\t`, 'gu'), '?');
    if (isUtf8(bytes) && shown === name) return [join(directory, name)];
    refuse(directory, `${JSON.stringify(shown)} has characters in its name that cannot be shown; rename it`);
    return [];
  });
}
