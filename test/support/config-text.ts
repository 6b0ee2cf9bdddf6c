/** Parses configuration text on a host with the test accounts. */
import { formatConfigError } from '../../src/config/errors.js';
import { parseConfigText } from '../../src/config/parse.js';
import type { Config } from '../../src/core/config.js';
import { testAccounts } from './accounts.js';

/** The configuration; throws where it has errors. */
export function configOf(text: string): Config {
  return parseConfigText('a.ini', text, testAccounts)._unsafeUnwrap();
}

/** Every error as it is printed; none for a good text. */
export function errorsOf(text: string | Uint8Array): string[] {
  return parseConfigText('a.ini', text, testAccounts).match(
    () => [],
    (errors) => errors.map(formatConfigError),
  );
}
