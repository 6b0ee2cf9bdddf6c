/* What linux/if_bridge.h has by ioctl alone. Results are 0 or more, or -errno. */
#ifndef FDBROKER_BRIDGE_H
#define FDBROKER_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * BRCTL_GET_PORT_LIST: the ifindexes of a bridge's ports by their numbers there, the lowest first, which were given to
 * those that joined first. Returns how many are in indexes now, at most room; a bridge has up to 1023. The link has to
 * be a bridge: other drivers take the request for another, or fail. -ENODEV: there is no link of that name.
 */
int bridge_ports(const char *name, int32_t *indexes, size_t room);

#endif
