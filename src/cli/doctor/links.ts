/** The interfaces of this process's network namespace, by rtnetlink: /sys may show those of another. */
import type { Host } from './host.js';

export interface LinkFacts {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly mtu: number;
  readonly address: string;
  /** `bridge`, `tun`, `veth` …; undefined: a device of hardware. */
  readonly kind: string | undefined;
  /** The bridge or bond that it belongs to. */
  readonly master: string | undefined;
  /** Of a bridge: spanning tree, its delay in hundredths of a second, filtering, and what it passes to netfilter. */
  readonly bridge: Readonly<Record<string, unknown>>;
}

/** undefined: there is no ip(8), or its answer makes no sense. */
export function readLinks(host: Host): readonly LinkFacts[] | undefined {
  const program = host.path.map((folder) => `${folder}/ip`).find((file) => host.may(file, 'execute'));
  const ran = program === undefined ? undefined : host.run(program, ['-json', '-details', 'link', 'show']);
  return ran?.status === 0 ? parseLinks(ran.output) : undefined;
}

/** What is no link among the answers is left out. */
export function parseLinks(json: string): readonly LinkFacts[] | undefined {
  const links = parseJson(json);
  if (!Array.isArray(links)) return undefined;
  return links.map(record).flatMap((link): LinkFacts[] => {
    const { ifindex: index, ifname: name, mtu, address, flags, master } = link;
    if (typeof index !== 'number' || typeof name !== 'string' || typeof mtu !== 'number') return [];
    const info = record(link['linkinfo']);
    const kind = info['info_kind'];
    const set: readonly unknown[] = Array.isArray(flags) ? flags : [];
    return [
      {
        index,
        name,
        mtu,
        up: set.includes('UP'),
        carrier: !set.includes('NO-CARRIER'),
        address: typeof address === 'string' ? address : '',
        kind: typeof kind === 'string' ? kind : undefined,
        master: typeof master === 'string' ? master : undefined,
        bridge: kind === 'bridge' ? record(info['info_data']) : {},
      },
    ];
  });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
