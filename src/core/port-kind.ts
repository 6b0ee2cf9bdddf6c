/** Of what a port of the switch is made, and how frames lie in what it carries. */
export const portKinds = ['dgram', 'stream', 'multicast', 'packet', 'qdes', 'tap', 'host'] as const;

/**
 * - dgram: a SOCK_SEQPACKET pair, one frame a message;
 * - stream: a SOCK_STREAM pair, four bytes of length before each frame, big-endian;
 * - multicast: two UDP sockets: one bound to the group, which receives, and one connected to it, which sends;
 * - packet: a packet socket of one interface, with a virtio-net header before each frame and VLAN tags beside it;
 * - tap: the packet socket of a guest's tap in a namespace of ours, likewise;
 * - host: a tap of this host's own, by its descriptor, with a virtio-net header before each frame;
 * - qdes: a UDP socket, maybe one that other ports of the kind share; datagrams to and from other switches.
 */
export type PortKind = (typeof portKinds)[number];
