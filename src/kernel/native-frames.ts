/** The addon's calls for a thread that moves frames (frames.h, poller.h). Every number returned is 0 or more, or -errno. */

/** Regions and slots that the addon knows. */
export type FramesHandle = { readonly framesHandle: unique symbol };

export interface FrameCalls {
  /**
   * @param regions at most eight.
   * @param region,start,room,length,address,tag of each slot; an address takes 32 bytes.
   */
  framesBind(
    regions: readonly Uint8Array[],
    region: Uint8Array,
    start: Int32Array,
    room: Int32Array,
    length: Int32Array,
    address: Uint8Array,
    tag: Int32Array,
  ): FramesHandle | number;
  /**
   * @param prefix bytes before each frame.
   * @param extras bits: 1 the sender's address, 2 the tag that the kernel took off.
   */
  framesReceive(
    ...call: [frames: FramesHandle, fd: number, first: number, count: number, prefix: number, extras: number]
  ): number;
  framesReceiveStream(frames: FramesHandle, fd: number, first: number, count: number): number;
  /**
   * @param peers places in addresses, one a frame; without addresses the socket is connected.
   * @param result gets how many were sent, failed, found no room, whether the socket is broken, and how many failed as too large.
   */
  framesSend(
    frames: FramesHandle,
    fd: number,
    slots: Int32Array,
    count: number,
    prefix: number,
    peers: Int32Array,
    addresses: Uint8Array,
    result: Int32Array,
  ): number;
  /** As framesReceive and framesSend, for a tap that does not block. */
  framesRead(...call: [frames: FramesHandle, fd: number, first: number, count: number, prefix: number]): number;
  framesWrite(
    ...call: [frames: FramesHandle, fd: number, slots: Int32Array, count: number, prefix: number, result: Int32Array]
  ): number;
}

/** Datagrams of UDP that come and go several at once (trains.h). */
export interface TrainCalls {
  /** -ENOPROTOOPT from a kernel that does not know it. */
  trainsAccept(fd: number): number;
  /** @param left gets 1 where more came than had room, else 0. */
  trainsReceive(
    ...call: [frames: FramesHandle, fd: number, first: number, count: number, prefix: number, left: Int32Array]
  ): number;
  /**
   * @param longest bytes of a datagram that is to go with others.
   * @param result gets, besides what framesSend tells, the size that was refused; 0: none.
   */
  trainsSend(
    frames: FramesHandle,
    fd: number,
    slots: Int32Array,
    count: number,
    prefix: number,
    peers: Int32Array,
    addresses: Uint8Array,
    longest: number,
    result: Int32Array,
  ): number;
}

/** Places of 32 bytes, as in FrameCalls. */
export interface AddressCalls {
  /** -EINVAL: no IPv4 or IPv6 address. */
  addressWrite(address: string, port: number, bytes: Uint8Array, place: number): number;
  /** `192.0.2.7`, or IPv6; -EAFNOSUPPORT where there is no address. */
  addressText(bytes: Uint8Array, place: number): string | number;
  /** Where the socket is bound; -EAFNOSUPPORT where it is none of UDP. */
  addressOwn(fd: number, bytes: Uint8Array, place: number): number;
  addressPort(bytes: Uint8Array, place: number): number;
}

export interface PollerCalls {
  pollerOpen(): number;
  pollerAdd(poller: number, fd: number, id: number, edge: boolean): number;
  pollerRemove(poller: number, fd: number): number;
  /** @param pairs get id and events: bits 1 read, 2 hangup, 4 error. */
  pollerWait(poller: number, pairs: Int32Array, milliseconds: number): number;
  wakerOpen(): number;
  wakerWake(waker: number): number;
  wakerDrain(waker: number): number;
}
