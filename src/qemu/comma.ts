/** QEMU's `key=value,key=value`, in which a comma of a value is written twice (qemu(1), "Notes on option syntax"). */

export interface Piece {
  /** undefined: it has no `=`. As the first piece it is the value of the option's first key, else a switch. */
  readonly key: string | undefined;
  /** With its commas single. */
  readonly value: string;
  /** As it was written. */
  readonly text: string;
}

/** From left to right, as QEMU reads; between two commas that are two separators there is nothing. */
export function splitPieces(text: string): Piece[] {
  const texts = text.match(/(?:[^,]|,,)+/g) ?? [];
  return texts.map((piece) => {
    const at = piece.indexOf('=');
    const value = piece.slice(at + 1).replaceAll(',,', ',');
    return { key: at < 0 ? undefined : piece.slice(0, at), value, text: piece };
  });
}

export function joinPieces(texts: readonly string[]): string {
  return texts.join(',');
}

export function quoteValue(value: string): string {
  return value.replaceAll(',', ',,');
}

/** What was written, and more behind it. */
export function appendPieces(text: string, more: readonly string[]): string {
  const separators = /,*$/.exec(text)?.[0].length ?? 0;
  // An odd one out ends the last piece already
  return more.length === 0 ? text : text + (separators % 2 === 1 ? '' : ',') + joinPieces(more);
}
