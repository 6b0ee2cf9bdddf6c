/** The steps of a network into QEMU and out of it, each of them failing once. */
import { err, ok, type Result } from 'neverthrow';
import t from 'tap';
import { closeLeftovers, plug, type Source, unplug } from '../../src/qemu/plug.js';
import type { Monitor, QmpError, QmpEvent } from '../../src/qemu/qmp.js';

type Rule = (command: string, options: Record<string, unknown>) => QmpError | unknown;

/** Keeps named descriptors, netdevs and devices as QEMU does. */
class ToyQemu implements Monitor {
  readonly fds = new Set<string>();
  readonly netdevs = new Set<string>();
  readonly devices = new Set<string>();
  readonly said: string[] = [];
  readonly #rule: Rule;
  events: QmpEvent[] = [];

  constructor(rule: Rule = () => undefined) {
    this.#rule = rule;
  }

  async execute(command: string, options: object = {}): Promise<Result<unknown, QmpError>> {
    const fields = options as Record<string, unknown>;
    const { fdname, id, path, ...rest } = fields;
    this.said.push(`${command} ${fdname ?? id ?? path}`);
    const ruled = this.#rule(command, fields);
    if (isError(ruled)) return err(ruled);
    if (ruled !== undefined) return ok(ruled);
    const missing = (kind: string): QmpError => ({ tag: 'refused', kind, what: `${id} not found` });
    const take = (set: Set<string>, name: unknown, kind: string) =>
      set.delete(String(name)) ? ok({}) : err(missing(kind));
    switch (command) {
      case 'getfd':
        this.fds.add(String(fdname));
        return ok({});
      case 'closefd':
        return take(this.fds, fdname, 'GenericError');
      case 'netdev_add':
        for (const name of JSON.stringify(rest).match(/fdbroker-\d+/g) ?? []) this.fds.delete(name);
        this.netdevs.add(String(id));
        return ok({});
      case 'netdev_del':
        return take(this.netdevs, id, 'DeviceNotFound');
      case 'device_add':
        this.devices.add(String(id));
        return ok({});
      case 'device_del':
        this.events.push({ name: 'DEVICE_DELETED', data: { device: id } });
        return take(this.devices, id, 'DeviceNotFound');
      case 'qom-get':
        return this.devices.size > 0 ? ok('52:54:00:00:00:01') : err(missing('DeviceNotFound'));
      default:
        return err(missing('CommandNotFound'));
    }
  }

  async event(fits: (event: QmpEvent) => boolean) {
    return ok(this.events.find(fits));
  }

  get left(): string[] {
    return [...this.fds, ...this.netdevs, ...this.devices];
  }
}

function isError(value: unknown): value is QmpError {
  return typeof value === 'object' && value !== null && 'tag' in value;
}

const refused = (what: string): QmpError => ({ tag: 'refused', kind: 'GenericError', what });
const gone: QmpError = { tag: 'lost', what: 'gone' };
const one: Source = { form: 'tap', mac: '52:54:00:00:00:01', mtu: 1500, server: false, fds: [7], vhostFds: [] };
const two: Source = { ...one, fds: [7, 8], vhostFds: [9, 10] };
const wanted = { id: 'n', driver: 'virtio-net-pci' };

t.test('a stream that listens is refused before QEMU is told anything', async (t) => {
  const qemu = new ToyQemu();
  const stream = { ...one, form: 'stream', server: true } as const;
  t.match((await plug(qemu, wanted, stream))._unsafeUnwrapErr(), {
    what: /takes no network that listens .*fdbroker exec/,
  });
  t.same(qemu.said, []);
  t.ok((await plug(qemu, wanted, { ...stream, server: false })).isOk());
});

t.test('in order, with all that the device is told', async (t) => {
  const orders: Record<string, unknown>[] = [];
  const qemu = new ToyQemu((command, options) => void orders.push({ command, ...options }));
  t.equal((await plug(qemu, wanted, two))._unsafeUnwrap(), undefined);
  t.same(qemu.said.slice(5), [
    'getfd fdbroker-0',
    'getfd fdbroker-1',
    'getfd fdbroker-2',
    'getfd fdbroker-3',
    'netdev_add n',
    'device_add n',
  ]);
  t.match(orders.at(-2), { type: 'tap', fds: 'fdbroker-0:fdbroker-1', vhost: true, vhostfds: 'fdbroker-2:fdbroker-3' });
  t.match(orders.at(-1), { driver: 'virtio-net-pci', netdev: 'n', mac: one.mac, mq: true, vectors: 6 });
  t.same(qemu.left, ['n', 'n']);
  t.same((await unplug(qemu, 'n', 1))._unsafeUnwrap(), { mac: one.mac });
  t.same(qemu.left, []);
});

t.test('a step that fails undoes those before it', async (t) => {
  for (const failing of ['getfd fdbroker-0', 'getfd fdbroker-2', 'netdev_add n', 'device_add n']) {
    const [verb, what] = failing.split(' ');
    const qemu = new ToyQemu((command, { fdname, id }) =>
      command === verb && (fdname ?? id) === what ? refused('no') : undefined,
    );
    t.same((await plug(qemu, wanted, two))._unsafeUnwrapErr(), refused('no'), failing);
    t.same(qemu.left, [], failing);
  }
  const half = new ToyQemu((command) => {
    if (command !== 'netdev_add') return undefined;
    half.fds.delete('fdbroker-0');
    return refused('no tap');
  });
  t.ok((await plug(half, wanted, two)).isErr());
  t.same(half.left, [], 'of several descriptors QEMU had taken the first');
});

t.test('a monitor that is lost is asked no more', async (t) => {
  for (const verb of ['closefd', 'getfd', 'netdev_add', 'device_add']) {
    const qemu = new ToyQemu((command) => (command === verb ? gone : undefined));
    t.same((await plug(qemu, wanted, one))._unsafeUnwrapErr(), gone);
    t.match(qemu.said.at(-1), new RegExp(`^${verb} `));
  }
});

t.test('what others left is closed first', async (t) => {
  const qemu = new ToyQemu();
  for (const index of [0, 1, 2, 3]) qemu.fds.add(`fdbroker-${index}`);
  t.ok((await plug(qemu, { id: 'n' }, one)).isOk());
  t.same(qemu.left, ['n']);
  for (const index of [1, 3]) qemu.fds.add(`fdbroker-${index}`);
  t.ok((await closeLeftovers(qemu, 4)).isOk());
  t.same(qemu.left, ['n'], 'also where some are missing');
});

t.test('a bus with room', async (t) => {
  const q35 = (ports: readonly string[]) =>
    new ToyQemu((command, { bus, path }) => {
      if (command === 'device_add' && bus === undefined) return refused("Bus 'pcie.0' does not support hotplugging");
      if (command === 'device_add' && bus === 'rp0') return refused('PCI: slot 0 function 0 already occupied');
      if (command !== 'qom-list') return undefined;
      if (path === '/machine/peripheral') return ports.map((name) => ({ name, type: 'child<pcie-root-port>' }));
      const [, , , port, behind] = String(path).split('/');
      return behind === undefined ? [{ name: port, type: 'child<PCIE>' }] : [];
    });
  t.equal((await plug(q35(['rp0', 'rp1']), wanted, one))._unsafeUnwrap(), 'rp1');
  const full = q35([]);
  const error = (await plug(full, wanted, one))._unsafeUnwrapErr();
  t.match(
    error.what,
    /^Bus 'pcie.0' does not support hotplugging, and there is no empty pcie-root-port with an id; start/,
  );
  t.same(full.left, []);
  t.equal((await plug(q35(['rp0']), { ...wanted, bus: 'mine' }, one))._unsafeUnwrap(), 'mine');
  t.match((await plug(q35(['rp1']), { ...wanted, bus: 'rp0' }, one))._unsafeUnwrapErr().what, /already occupied/);
});

t.test('taken away', async (t) => {
  const netdevOnly = new ToyQemu();
  netdevOnly.netdevs.add('n');
  t.same((await unplug(netdevOnly, 'n', 1))._unsafeUnwrap(), {});
  t.same(netdevOnly.left, []);
  t.match((await unplug(netdevOnly, 'n', 1))._unsafeUnwrapErr().what, /^it has no netdev n$/);

  const deviceOnly = new ToyQemu();
  deviceOnly.devices.add('n');
  t.ok((await unplug(deviceOnly, 'n', 1)).isOk(), 'the rest of an unplug that was killed');

  const again = new ToyQemu((command) =>
    command === 'device_del' ? refused('Device n is already in the process of unplug') : undefined,
  );
  again.netdevs.add('n');
  again.events.push({ name: 'DEVICE_DELETED', data: { device: 'n' } });
  t.ok((await unplug(again, 'n', 1)).isOk());

  const stubborn: [events: QmpEvent[], words: RegExp][] = [
    [[], /^the guest has not let go of it for 1 s: device n and its network stay; try again when it runs$/],
    [[{ name: 'DEVICE_UNPLUG_GUEST_ERROR', data: { device: 'n' } }], /^the guest does not let go of it: device n/],
    [[{ name: 'DEVICE_DELETED', data: { device: 'other' } }], /has not let go/],
  ];
  for (const [events, words] of stubborn) {
    const qemu = new ToyQemu((command) => (command === 'device_del' ? {} : undefined));
    qemu.netdevs.add('n');
    qemu.events = events;
    t.match((await unplug(qemu, 'n', 1))._unsafeUnwrapErr().what, words);
    t.same(qemu.left, ['n'], 'the netdev stays with its device');
  }
  for (const verb of ['qom-get', 'device_del', 'netdev_del', 'closefd']) {
    const qemu = new ToyQemu((command) => (command === verb ? gone : undefined));
    qemu.netdevs.add('n');
    t.same((await unplug(qemu, 'n', 1))._unsafeUnwrapErr(), gone, verb);
  }
});
