/** The demo's words on the terminal: numbered steps, what was run, what it said. */
const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
let steps = 0;

/** What happens now. */
export function step(title: string): void {
  steps++;
  process.stdout.write(`\n${paint(1, `${steps}. ${title}`)}\n`);
}

/** An explanation. */
export function say(text: string): void {
  process.stdout.write(`   ${text}\n`);
}

/** A command as a person would type it. */
export function command(where: string, text: string): void {
  process.stdout.write(`   ${paint(36, `${where} ${text}`)}\n`);
}

/** What a program said. */
export function output(text: string): void {
  process.stdout.write(text.trimEnd().replace(/^/gm, '      ').concat('\n'));
}
