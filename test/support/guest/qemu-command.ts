/** The command line of a guest's QEMU. */

/**
 * Emulation works everywhere and starts a guest in seconds; that /dev/kvm can be opened does not mean that it can run
 * Debian's kernel. Whoever knows better says so.
 */
const accelerator = process.env['FDBROKER_TEST_ACCEL'] ?? 'tcg';

/** A network interface of a guest. */
export interface Nic {
  /** As -netdev takes it, without an id: `tap,helper=/path`. */
  readonly netdev: string;
  /** Left out: one that no other guest of this process has; QEMU alone gives them all the same. */
  readonly mac?: string;
}

let given = 0;

/** From a prefix apart from the broker's own choice, which begins with 52:54:00. */
function newMac(): string {
  given++;
  return `02:00:5e:00:${(given >> 8).toString(16).padStart(2, '0')}:${(given & 255).toString(16).padStart(2, '0')}`;
}

/** An ordinary user; the numbers need no entry in /etc/passwd. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Descriptors that QEMU is started with. */
export const inherited = { qmp: 3, kernel: 4, initramfs: 5, first: 6 } as const;

interface Machine {
  readonly mark: string;
  readonly nics: readonly Nic[];
  /** MiB */
  readonly memory: number;
  readonly extra: readonly string[];
  readonly launcher: readonly string[];
  readonly user: User | undefined;
}

/** Without a file system of its own, a window, a default device or a reboot; a panic ends it. */
export function qemuCommand({ mark, nics, memory, extra, launcher, user }: Machine): string[] {
  const kernelLine = `console=ttyS0 quiet panic=-1 no_timer_check random.trust_cpu=on mitigations=off mark=${mark}`;
  const network = nics.flatMap(({ netdev, mac }, index) => [
    ...['-netdev', `${netdev},id=net${index}`],
    ...['-device', nicDevice(`net${index}`, mac)],
  ]);
  return [
    ...['setpriv', '--pdeathsig', 'KILL', ...(user === undefined ? [] : withoutPrivileges(user))],
    ...[
      ...launcher,
      'qemu-system-x86_64',
      '-nodefaults',
      '-no-user-config',
      '-no-reboot',
      '-display',
      'none',
      '-monitor',
      'none',
    ],
    ...['-accel', accelerator, '-machine', 'pc', '-cpu', 'max', '-m', String(memory), '-serial', 'stdio'],
    ...['-chardev', `socket,id=qmp,fd=${inherited.qmp}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-kernel', `/proc/self/fd/${inherited.kernel}`, '-initrd', `/proc/self/fd/${inherited.initramfs}`],
    ...['-append', kernelLine, ...network, ...extra],
  ];
}

/** The boot ROM of a NIC takes time and is never needed. */
function nicDevice(netdev: string, mac = newMac()): string {
  return `virtio-net-pci,netdev=${netdev},romfile=,mac=${mac}`;
}

function withoutPrivileges({ uid, gid }: User): string[] {
  // In a user namespace of an ordinary user nobody can become somebody else
  const identity = uid === process.getuid?.() ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return [...identity, '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];
}
