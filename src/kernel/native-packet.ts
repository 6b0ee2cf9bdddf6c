/** The addon's calls for packet sockets (packet.h). Every number returned is 0 or more, or -errno. */
export interface PacketCalls {
  /** A new one without a protocol, so that no frame is queued, which the caller closes: close-on-exec and blocking. */
  packetOpen(): number;
  packetIgnoreOutgoing(fd: number): number;
  /** The VLAN tag that the kernel takes off a frame comes beside it. */
  packetAuxdata(fd: number): number;
  /** A virtio_net_hdr of ten bytes goes before each frame. */
  packetVnetHeader(fd: number): number;
  /** Frames that had no room in its queue since this was asked last. */
  packetLost(fd: number): number;
  packetPromiscuous(fd: number, ifindex: number): number;
  /** The frames of that interface, of every protocol. */
  packetBind(fd: number, ifindex: number): number;
}
