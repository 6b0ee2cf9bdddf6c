/* What happens to some interfaces, and to the addresses on them, by rtnetlink(7). Results are 0 or more, or -errno. */
#ifndef FDBROKER_INTERFACES_H
#define FDBROKER_INTERFACES_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From now on a socket of netlink_open() gets RTM_NEWLINK and RTM_DELLINK of links with one of these ifindexes or
 * names, and RTM_NEWADDR and RTM_DELADDR of those ifindexes; what is told of others is dropped before it is queued. To
 * be called again when there are others to be followed. Where there are more than 128 of one sort, or no memory for the
 * filter, every such event comes. Names are 16 bytes each, with zeros behind them.
 */
int interfaces_watch(int fd, const char (*names)[IFNAMSIZ], size_t name_count, const uint32_t *indexes,
                     size_t index_count);

#endif
