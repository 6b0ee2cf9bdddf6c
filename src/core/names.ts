/** Names that cross a trust boundary, as types that only their parser makes. A name is refused, never shortened. */
import { err, ok, type Result } from 'neverthrow';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A network interface's name: 1 to 15 bytes of `A-Za-z0-9._-` (IFNAMSIZ is 16 with its NUL; netdevice(7)). */
export type InterfaceName = Branded<string, 'InterfaceName'>;
/** The name of a `[network …]` section: 1 to 63 bytes of `A-Za-z0-9._-`, beginning with a letter or digit. */
export type NetworkName = Branded<string, 'NetworkName'>;
/** A grant's identity: 8 lower-case hexadecimal digits. The tap of grant `1a2b3c4d` is named `fdb1a2b3c4d`. */
export type GrantId = Branded<string, 'GrantId'>;

/** What is wrong with a value and what is allowed; `what` begins in lower case and has no full stop. */
export interface ValueError {
  readonly tag: 'value';
  readonly what: string;
}

export function valueError(what: string): ValueError {
  return { tag: 'value', what };
}

const quote = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

export function parseInterfaceName(text: string): Result<InterfaceName, ValueError> {
  const bytes = Buffer.byteLength(text);
  if (bytes > 15) {
    return err(
      valueError(`${quote(text)} has ${bytes} bytes; an interface name has at most 15, and none is ever shortened`),
    );
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text)) {
    return err(
      valueError(
        `${quote(text)} is not an interface name; allowed are 1 to 15 of A-Z a-z 0-9 . _ -, not beginning with . or -`,
      ),
    );
  }
  return ok(text as InterfaceName);
}

export function parseNetworkName(text: string): Result<NetworkName, ValueError> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) {
    return err(
      valueError(
        `${quote(text)} is not a network name; allowed are 1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit`,
      ),
    );
  }
  return ok(text as NetworkName);
}

export function parseGrantId(text: string): Result<GrantId, ValueError> {
  if (!/^[0-9a-f]{8}$/.test(text)) {
    return err(valueError(`${quote(text)} is not a grant id; it has 8 digits 0-9 a-f, as "fdbroker ports" shows them`));
  }
  return ok(text as GrantId);
}

/** The name of the tap behind a grant. */
export function tapName(grant: GrantId): InterfaceName {
  return `fdb${grant}` as InterfaceName;
}

/** Whether it is a name as {@link tapName} makes them. */
export function isGeneratedName(name: InterfaceName): boolean {
  return /^fdb[0-9a-f]{8}$/.test(name);
}
