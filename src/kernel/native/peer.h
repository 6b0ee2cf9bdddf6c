/* Who is at the other end of a unix socket, by the kernel's word (unix(7)). 0 or more, or -errno. */
#ifndef FDBROKER_PEER_H
#define FDBROKER_PEER_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * SO_PEERCRED: who connected, listened or made the socketpair. EAFNOSUPPORT when it is no unix socket, ENOTCONN when it
 * has no peer.
 */
int peer_process(int fd, struct ucred *credentials);

/* SO_PEERGROUPS: how many supplementary groups there are. They are in groups only when all of them have room. */
int peer_groups(int fd, gid_t *groups, size_t room);

/* SO_PEERPIDFD, since Linux 6.5: a pidfd of the process that peer_process names. ENOPROTOOPT before. */
int peer_pidfd(int fd);

/*
 * The same by pidfd_open(2) of the peer's process id. When the socket has hung up by then, the number may be another
 * process's: ESRCH. Who passes its end on and dies, so that the connection stays without it, can have the number of
 * another process taken for its own.
 */
int peer_pidfd_by_number(int fd);

#endif
