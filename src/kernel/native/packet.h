/*
 * Packet sockets (packet(7)). Every function returns 0 or more, or -errno; every descriptor made is close-on-exec.
 */
#ifndef FDBROKER_PACKET_H
#define FDBROKER_PACKET_H

#include <stdint.h>

/* A new socket of type SOCK_RAW without a protocol: no frame of any interface is queued until packet_bind. EPERM
 * without CAP_NET_RAW. */
int packet_open(void);
/* From now on frames that the host sends are not copied to it. ENOPROTOOPT before Linux 4.20. */
int packet_ignore_outgoing(int fd);
/* From now on the VLAN tag that the kernel takes off a frame comes beside it (PACKET_AUXDATA). */
int packet_auxdata(int fd);
/* From now on a struct virtio_net_hdr goes before each frame, both ways: unfinished checksums and large frames are told
 * by it. Before the socket is bound. */
int packet_vnet_header(int fd);
/* The interface takes frames for every address while fd is open. */
int packet_promiscuous(int fd, uint32_t ifindex);
/* From now on it gets the frames of that interface, of every protocol. One that is down leaves ENETDOWN as the socket's
 * error. */
int packet_bind(int fd, uint32_t ifindex);

/* How many frames had no room in the socket's queue since this was asked last. */
int packet_lost(int fd);

#endif
