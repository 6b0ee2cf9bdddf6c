/* Sockets of rtnetlink(7). Results are 0 or more, or -errno. */
#ifndef FDBROKER_NETLINK_H
#define FDBROKER_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A bound NETLINK_ROUTE socket, close-on-exec, with extended acknowledgements, short errors and strict checking of
 * GET requests. receive_buffer: bytes of queued events it has room for, or as near to it as the kernel allows; 0
 * leaves the default.
 */
int netlink_open(int receive_buffer);

/*
 * From now on the socket gets events of links as such (AF_UNSPEC), not of bridge ports: RTM_NEWLINK of those whose
 * alias begins with our mark, RTM_DELLINK of any.
 */
int netlink_watch_links(int fd);

/*
 * From now on the socket gets RTM_DELNEIGH of sticky bridge entries, and nothing else: a guest can make the bridge
 * learn and forget thousands of addresses a second, which must not reach us.
 */
int netlink_watch_sticky_entries(int fd);

ssize_t netlink_send(int fd, const uint8_t *message, size_t size);

/*
 * The next datagram from the kernel, whole messages; -EAGAIN when there is none, -ENOBUFS when events were lost.
 * Returns its real size: more than size means that it was cut off.
 */
ssize_t netlink_receive(int fd, uint8_t *buffer, size_t size);

/* One request on a socket of its own, and the datagram that answers it. */
ssize_t netlink_exchange(const uint8_t *request, size_t request_size, uint8_t *answer, size_t answer_size);

#endif
