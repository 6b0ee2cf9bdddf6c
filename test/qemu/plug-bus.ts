/** Which ports are empty, by what a QEMU of that kind lists. */
import { err, ok } from 'neverthrow';
import t from 'tap';
import { findEmptyPorts } from '../../src/qemu/plug-bus.js';
import type { Monitor } from '../../src/qemu/qmp.js';

const none = [{ name: 'type', type: 'string' }];
const tree: Readonly<Record<string, unknown>> = {
  '/machine/peripheral': [
    ...none,
    { name: 'rp0', type: 'child<pcie-root-port>' },
    { name: 'rp1', type: 'child<pcie-root-port>' },
    { name: 'old', type: 'child<ioh3420>' },
    { name: 'nic', type: 'child<virtio-net-pci>' },
    { name: 'odd', type: 'child<pcie-root-port>' },
    null,
  ],
  '/machine/peripheral/rp0': [...none, { name: 'rp0', type: 'child<PCIE>' }],
  '/machine/peripheral/rp0/rp0': [...none, { name: 'child[0]', type: 'link<virtio-net-pci>' }],
  '/machine/peripheral/rp1': [...none, { name: 'rp1', type: 'child<PCIE>' }],
  '/machine/peripheral/rp1/rp1': none,
  '/machine/peripheral/old': [{ name: 'old', type: 'child<PCIE>' }],
  '/machine/peripheral/old/old': [],
  '/machine/peripheral/odd': 'what is this',
};

function monitorOf(listed: Readonly<Record<string, unknown>>): Monitor {
  return {
    execute: async (_command, options) => {
      const { path } = options as { path: string };
      return path in listed ? ok(listed[path]) : err({ tag: 'refused', kind: 'DeviceNotFound', what: path });
    },
    event: async () => ok(undefined),
  };
}

t.same((await findEmptyPorts(monitorOf(tree)))._unsafeUnwrap(), ['old', 'rp1']);
t.same((await findEmptyPorts(monitorOf({})))._unsafeUnwrap(), []);

for (const path of ['/machine/peripheral', '/machine/peripheral/rp1', '/machine/peripheral/rp0/rp0']) {
  const whole = monitorOf(tree);
  const asked: unknown[] = [];
  const lost: Monitor = {
    ...whole,
    execute: async (command, options) => {
      asked.push((options as { path: string }).path);
      return asked.at(-1) === path ? err({ tag: 'lost', what: 'gone' }) : whole.execute(command, options);
    },
  };
  t.same((await findEmptyPorts(lost))._unsafeUnwrapErr(), { tag: 'lost', what: 'gone' });
  t.equal(asked.at(-1), path, 'nothing is asked of one that is lost');
}
