/*
 * What a UDP socket of inet_open becomes that is to be in a group of IPv4 or IPv6, told by its family. Every function
 * returns 0 or -errno. The order: multicast_confine, inet_bind to the group, multicast_send_by, multicast_join.
 */
#ifndef FDBROKER_MULTICAST_H
#define FDBROKER_MULTICAST_H

#include <stdint.h>

/* Before it is bound: datagrams of that interface alone reach it, and of none but groups that it joins itself. With
 * share not 0 others may be bound to the same address and port. */
int multicast_confine(int fd, uint32_t ifindex, int share);
/* What is sent to a group leaves by that interface, whatever the routes; ttl is 0 to 255 (IPv6: hops), and with loop
 * not 0 this host's members of the group get it too, fd among them. */
int multicast_send_by(int fd, uint32_t ifindex, int ttl, int loop);
/* The group is numeric, of the socket's family. EINVAL, also where the interface has no such family. */
int multicast_join(int fd, const char *group, uint32_t ifindex);
/* EADDRNOTAVAIL: it is no member. */
int multicast_leave(int fd, const char *group, uint32_t ifindex);

#endif
