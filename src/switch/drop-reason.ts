/** Why the switch drops a frame, or does not do all that it could: each has a counter at each port. */

export const dropReasons = [
  /** Shorter than an Ethernet header. */
  'too-short',
  /** Longer than the network carries. */
  'too-long',
  /** A source address that no station can have: a group's, or zero. */
  'bad-source',
  /** To an address that bridges keep for themselves (802.1Q, table 8-1). */
  'reserved',
  /** From a port that may send from its own addresses alone, with another. */
  'locked',
  /** From an address that is fixed to another port. */
  'spoofed',
  /** To an address behind the port that it came from. */
  'same-port',
  /** Between two ports that must not see each other. */
  'isolated',
  /** From an uplink to an uplink, which would make loops. */
  'between-uplinks',
  /** To all, by a port that sent too many of these. */
  'flood-limit',
  /** Tagged, or not, where the network's access VLAN wants it otherwise. */
  'vlan',
  /** With an offload header that does not fit it, or that would make more segments of it, or longer, than there may be. */
  'bad-offload',
  /** From another host, with a header that is none, or that this version does not know. */
  'bad-header',
  /** What this switch has sent, back from outside. */
  'own',
  /** From a host that is none of those which the network has. */
  'not-a-peer',
  /** From another host, and not sealed with a key of the network. */
  'unverified',
  /** From another host, and sealed, and here before, or from one that has not answered yet. */
  'replayed',
  /** From a host for which there is no room among the peers. */
  'no-peer-room',
  /** It came faster than the switch takes frames, so that there was no room for it. */
  'ingress-full',
  /** The port that it goes to takes no more now. */
  'egress-full',
  /** Longer than the port that it goes to, or the way to its far end, can carry. */
  'egress-too-long',
  /** The port that it goes to, or its far end, failed. */
  'egress-failed',
] as const;

export type DropReason = (typeof dropReasons)[number];

/** Its index in dropReasons. */
export type DropCode = number;

export const dropCode = Object.fromEntries(dropReasons.map((reason, code) => [reason, code])) as Readonly<
  Record<DropReason, DropCode>
>;

/** What is told once of a port: that some of what it sends, or is to get, is too long to be carried. */
export const noticed: ReadonlySet<DropCode> = new Set([dropCode['too-long'], dropCode['egress-too-long']]);
