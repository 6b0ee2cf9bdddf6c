/** Habits of the tree that no tool checks: lengths, opening lines, a test for every module, links that lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import ts from 'typescript';

const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n').length;

function filesIn(folder: string, name: RegExp): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return names.filter((file) => name.test(file)).map((file) => join(folder, file));
}

const sources = filesIn('src', /\.ts$/);

/** Files that may have over 250 lines, and why. */
const longForAReason: Readonly<Record<string, string>> = {};

t.test('files are short', async (t) => {
  const all = ['src', 'helper', 'test', 'conf'].flatMap((folder) => filesIn(folder, /\.(ts|c|h|mjs|sh)$/));
  const long = all.filter((path) => lines(path) > 250);
  t.same(long.sort(), Object.keys(longForAReason).sort(), 'over 250 lines: split it, or give the reason here');
  const length = (folder: string) =>
    readdirSync(folder)
      .filter((file) => /\.[ch]$/.test(file))
      .reduce((sum, file) => sum + lines(join(folder, file)), 0);
  const [helper, keeper] = [length('helper'), length('helper/keeper')];
  t.ok(helper > 0 && helper < 300, `the helper stays under 300 lines; it has ${helper}`);
  t.ok(keeper > 0 && keeper < 500, `the keeper stays under 500 lines; it has ${keeper}`);
});

t.test('a source file opens with what it is for', async (t) => {
  const opening = /^(#!.*\n)?\/\*\*/;
  t.same(
    sources.filter((path) => !opening.test(readFileSync(path, 'utf8'))),
    [],
  );
});

/** Sources tested through others, each with the test that does it. */
const testedElsewhere: Readonly<Record<string, string>> = {
  'src/bin/fdbroker-switchd.ts': 'test/switchd/control.ts',
  'src/bin/fdbrokerd.ts': 'test/broker/daemon.ts',
  'src/broker/answer.ts': 'test/broker/hostile.ts',
  'src/broker/broker.ts': 'test/broker/orders.ts',
  'src/broker/complain.ts': 'test/broker/host-ends.ts',
  'src/broker/confine.ts': 'test/broker/daemon.ts',
  'src/broker/keeper-link.ts': 'test/broker/keeper.ts',
  'src/broker/plug-order.ts': 'test/broker/switch.ts',
  'src/broker/listings.ts': 'test/broker/orders.ts',
  'src/broker/switch-list.ts': 'test/broker/switch-link.ts',
  'src/broker/resume-grant.ts': 'test/broker/switch.ts',
  'src/broker/serve.ts': 'test/broker/daemon.ts',
  'src/broker/server.ts': 'test/broker/hostile.ts',
  'src/broker/own-ports.ts': 'test/broker/uplinks.ts',
  'src/broker/tell-lost.ts': 'test/broker/uplinks.ts',
  'src/broker/wires.ts': 'test/broker/uplinks.ts',
  'src/broker/plugs.ts': 'test/broker/switch.ts',
  'src/broker/switch-ports.ts': 'test/broker/switch.ts',
  'src/broker/switchboard.ts': 'test/broker/switch.ts',
  'src/core/port-kind.ts': 'test/protocol/switch-order.ts',
  'src/config/parse-bridge-network.ts': 'test/config/parse-network.ts',
  'src/core/permit.ts': 'test/acl/decide.ts',
  'src/kernel/linux-host-taps.ts': 'test/kernel/host-taps.ts',
  'src/kernel/tun-device.ts': 'test/kernel/linux-taps.ts',
  'src/kernel/native.ts': 'test/kernel/native-links.ts',
  'src/networks/borrowed-function.ts': 'test/networks/macvtap-pool.ts',
  'src/networks/macvtap-error.ts': 'test/networks/macvtap.ts',
  'src/networks/network.ts': 'test/networks/open.ts',
  'src/switch/qdes/vxlan.ts': 'test/switch/qdes/header.ts',
  'src/switchd/chores.ts': 'test/switchd/loop.ts',
  'src/switchd/qdes-sender.ts': 'test/switchd/qdes-port.ts',
  'src/switchd/qdes-socket.ts': 'test/switchd/qdes-port.ts',
  'src/switchd/vnet.ts': 'test/switchd/packet-port.ts',
  'src/switchd/confine.ts': 'test/switchd/control.ts',
  'src/networks/uplink.ts': 'test/broker/switch.ts',
  'src/switchd/multicast-port.ts': 'test/broker/switch.ts',
  'src/switchd/make-port.ts': 'test/switchd/control.ts',
  'src/switchd/port-io.ts': 'test/switchd/loop.ts',
  'src/switchd/ports.ts': 'test/switchd/control.ts',
  'src/switchd/thread.ts': 'test/switchd/control.ts',
  'src/switchd/worker.ts': 'test/switchd/control.ts',
  'src/cli/capture.ts': 'test/broker/capture.ts',
  'src/cli/capture-file.ts': 'test/broker/capture.ts',
  'src/protocol/capture-request.ts': 'test/protocol/request.ts',
  'src/protocol/inspect-order.ts': 'test/protocol/switch-order.ts',
  'src/protocol/switch-report.ts': 'test/switchd/report.ts',
  'src/switchd/inspector.ts': 'test/broker/capture.ts',
  'src/switchd/live-capture.ts': 'test/broker/capture.ts',
  'src/networks/socket-network.ts': 'test/networks/tcp.ts',
};

/** Whether a file holds types and re-exports only. */
function isDeclarative(path: string): boolean {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  return file.statements.every(
    (statement) =>
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement),
  );
}

t.test('a source file has its test', async (t) => {
  const untested = sources.filter((path) => !isDeclarative(path) && !existsSync(path.replace(/^src/, 'test')));
  t.same(untested.sort(), Object.keys(testedElsewhere).sort(), 'a test of the same name under test/, or a line here');
  for (const path of Object.values(testedElsewhere)) t.ok(existsSync(path), `${path} is there`);
});

t.test('links between documents lead somewhere', async (t) => {
  const documents = ['README.md', ...filesIn('docs', /\.md$/)].filter((path) => existsSync(path));
  t.ok(documents.length > 0);
  const broken: string[] = [];
  for (const path of documents) {
    const text = readFileSync(path, 'utf8').replaceAll(/^```.*?^```/gms, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      if (/^[a-z]+:/.test(target)) continue;
      const destination = file === '' ? path : join(dirname(path), file);
      const found = existsSync(destination) && (anchor === undefined || anchors(destination).includes(anchor));
      if (!found) broken.push(`${path}: ${target}`);
    }
  }
  t.same(broken, []);
});

/** As GitHub makes them of headings. */
function anchors(path: string): string[] {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}
