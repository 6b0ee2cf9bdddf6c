/** A line for whoever looks after the broker. */
export function complain(line: string): void {
  process.stderr.write(`fdbrokerd: ${line}\n`);
}
