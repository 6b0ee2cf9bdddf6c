/* Sockets of multicast groups. See multicast.h. */
#include "multicast.h"
#include "inet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int set(int fd, int level, int name, const void *value, socklen_t size) {
    return setsockopt(fd, level, name, value, size) < 0 ? -errno : 0;
}

static int set_int(int fd, int level, int name, int value) {
    return set(fd, level, name, &value, sizeof value);
}

/* 1: IPv6; 0: IPv4. */
static int is_six(int fd) {
    int family = 0;
    socklen_t size = sizeof family;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 ? -errno : family == AF_INET6;
}

int multicast_confine(int fd, uint32_t ifindex, int share) {
    int six = is_six(fd);
    if (six < 0) return six;
    int bad = set_int(fd, SOL_SOCKET, SO_REUSEADDR, share);
    /* A membership alone does not keep what another socket joined by another interface from an IPv6 one. */
    if (!bad) bad = set_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)ifindex);
    if (bad) return bad;
    return six ? set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) : set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
}

int multicast_send_by(int fd, uint32_t ifindex, int ttl, int loop) {
    int six = is_six(fd);
    if (six < 0) return six;
    if (six) {
        int bad = set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)ifindex);
        if (!bad) bad = set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl);
        return bad ? bad : set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop);
    }
    const struct ip_mreqn out = {.imr_ifindex = (int)ifindex};
    int bad = set(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out);
    if (!bad) bad = set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl);
    return bad ? bad : set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, loop);
}

static int change_membership(int fd, const char *group, uint32_t ifindex, int change) {
    struct group_req membership;
    memset(&membership, 0, sizeof membership);
    membership.gr_interface = ifindex;
    int size = inet_address(group, 0, &membership.gr_group);
    if (size < 0) return size;
    int level = membership.gr_group.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    return set(fd, level, change, &membership, sizeof membership);
}

int multicast_join(int fd, const char *group, uint32_t ifindex) {
    return change_membership(fd, group, ifindex, MCAST_JOIN_GROUP);
}

int multicast_leave(int fd, const char *group, uint32_t ifindex) {
    return change_membership(fd, group, ifindex, MCAST_LEAVE_GROUP);
}
