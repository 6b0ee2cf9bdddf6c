/*
 * Descriptors of macvtaps: character devices, /dev/tapN for the link with ifindex N. Every namespace's links have
 * theirs in the one /dev, so a node is opened by its device number, too. Results are 0 or more, or -errno.
 */
#ifndef FDBROKER_MACVTAP_H
#define FDBROKER_MACVTAP_H

/* A NETLINK_KOBJECT_UEVENT socket, close-on-exec: told of the devices of this network namespace as they are made. */
int uevent_open(void);

/*
 * The node, opened for reading and writing, close-on-exec and blocking as a tap's descriptor. A shared lock of the
 * whole file (F_OFD_SETLK) is on it, which /proc/locks shows until the last copy is closed, wherever that is. -ESTALE:
 * it is another device's node, which was not opened.
 */
int macvtap_open(const char *path, unsigned major_number, unsigned minor_number);

/* An inotify(7) instance, close-on-exec and non-blocking. */
int closes_open(void);

/* From now on it tells of descriptors of this node that end. Returns the number by which it tells. */
int closes_watch(int fd, const char *path);

/*
 * Up to room numbers of nodes of which a descriptor has ended; -1 among them when some were lost. Those of nodes that
 * are gone come as -2 - number, and are watched no more. Returns how many; 0 when there is nothing.
 */
int closes_take(int fd, int *numbers, int room);

#endif
