/** Tables in turn, on a terminal and without, of a real switch. */
import t from 'tap';
import { dispatch } from '../../src/cli/dispatch.js';
import type { Terminal } from '../../src/cli/world.js';
import { fdbroker, TestWorld } from '../support/fdbroker.js';
import { broadcast, frame, station } from '../support/frames.js';
import { inPrivateNamespace } from '../support/namespace.js';
import { SwitchStage, say } from '../support/switch-stage.js';
import { until } from '../support/until.js';

inPrivateNamespace();
const stage = await SwitchStage.start(t);
const guest = await stage.guest();
const { env } = stage;

t.test('line after line without a terminal', async (t) => {
  const busy = setInterval(() => say(guest, frame(broadcast, station(1))), 2);
  const { status, stdout } = await fdbroker(['top', '--interval', '0.3', '--rounds', '2'], { env });
  clearInterval(busy);
  t.equal(status, 0);
  t.equal(stdout.match(/^PORT +NETWORK +USER +RX-FRAMES\/S/gm)?.length, 2);
  const [, frames, bits] = new RegExp(`^${guest.grant} +lab +\\S+ +([1-9]\\d*) +([\\d.]+k)`, 'm').exec(stdout) ?? [];
  t.ok(Number(frames) > 0 && bits !== undefined, stdout);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  t.notMatch(stdout, /\u001b/);
});

class FakeTerminal implements Terminal {
  readonly columns = 30;
  readonly rows = 3;
  press: ((key: string) => void) | undefined;
  released = 0;

  keys(pressed: (key: string) => void): () => void {
    this.press = pressed;
    return () => {
      this.released += 1;
    };
  }
}

for (const key of ['q', '\u0003']) {
  t.test(`on a terminal, until ${JSON.stringify(key)}`, async (t) => {
    const terminal = new FakeTerminal();
    const world = new TestWorld({ env, terminal });
    const ended = dispatch(['top', '--interval', '0.1'], world);
    await until(() => world.stdout.includes('PORT'));
    terminal.press?.('x');
    terminal.press?.(key);
    t.equal(await ended, 0);
    t.equal(terminal.released, 1);
    t.ok(world.stdout.startsWith('\u001b[?1049h\u001b[?25l'));
    t.ok(world.stdout.endsWith('\u001b[?25h\u001b[?1049l'), 'the screen from before is back');
    const pictures = world.stdout.slice(0, -14).split('\u001b[H\u001b[J').slice(1);
    for (const picture of pictures) {
      const lines = picture.trimEnd().split('\r\n');
      t.ok(lines.length < 3 && lines.every((line) => line.length <= 30), JSON.stringify(lines));
    }
  });
}

t.test('a signal ends it, and so does a broker that is gone, with the terminal as it was', async (t) => {
  const signalled = new TestWorld({ env, terminal: new FakeTerminal() });
  const ended = dispatch(['top', '--interval', '3600'], signalled);
  signalled.interrupter.abort();
  t.equal(await ended, 0);
  const terminal = new FakeTerminal();
  const lost = new TestWorld({ env: { FDBROKER_SOCKET: '/nowhere/control' }, terminal });
  t.equal(await dispatch(['top'], lost), 3);
  t.equal(terminal.released, 1);
  t.match(lost.stderr, /no broker is running/);
});

t.test('what is no number', async (t) => {
  for (const wrong of ['0', '-1', 'x', '3601', '']) {
    t.match(await fdbroker(['top', '--interval', wrong], { env }), { status: 2 }, wrong);
  }
});
