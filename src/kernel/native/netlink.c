#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* Classic BPF loads are big-endian, netlink fields are in host order: htons turns the one into the other. */
#define LOAD_TYPE BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type))
#define LOAD_BYTE(offset) BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + (offset))
#define IF_TYPE(type, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), then, otherwise)
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define IF_SET(bits, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, then, otherwise)
/* A becomes the offset of the link's attribute of that type, or 0; X too. */
#define FIND_LINK_ATTRIBUTE(type)                                                                                      \
    BPF_STMT(BPF_LDX | BPF_IMM, type),                                                                                 \
        BPF_STMT(BPF_LD | BPF_IMM, NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifinfomsg))),                              \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)), BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define LOAD_PAYLOAD BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(struct nlattr))
/* The first four letters of the alias that marks a link as ours (src/core/grant.ts), big-endian. */
#define MARK 0x66646272
#define PASS BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
#define DROP BPF_STMT(BPF_RET | BPF_K, 0)

static int set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int netlink_open(int receive_buffer) {
    const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    int result = set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    if (result == 0) result = set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    if (result == 0) result = set_option(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    /* FORCE goes past net.core.rmem_max but needs CAP_NET_ADMIN outside any user namespace. */
    if (receive_buffer > 0 && set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer) < 0)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    /* An unbound socket has port 0, which is the one that events leave out. */
    if (result == 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) < 0) result = -errno;
    if (result == 0) return fd;
    close(fd);
    return result;
}

/* The filter comes first, so that nothing it drops is queued before it. */
static int watch(int fd, int group, struct sock_filter *filter, size_t length) {
    struct sock_fprog program = {.len = (unsigned short)length, .filter = filter};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) return -errno;
    return set_option(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
}

int netlink_watch_links(int fd) {
    struct sock_filter filter[] = {
        LOAD_BYTE(offsetof(struct ifinfomsg, ifi_family)),
        IF_EQUAL(AF_UNSPEC, 0, 11),
        LOAD_TYPE,
        IF_TYPE(RTM_DELLINK, 8, 0),
        IF_TYPE(RTM_NEWLINK, 0, 8),
        FIND_LINK_ATTRIBUTE(IFLA_IFALIAS),
        IF_EQUAL(0, 3, 0),
        LOAD_PAYLOAD,
        IF_EQUAL(MARK, 0, 1),
        PASS,
        DROP,
    };
    return watch(fd, RTNLGRP_LINK, filter, sizeof filter / sizeof *filter);
}

int netlink_watch_sticky_entries(int fd) {
    struct sock_filter filter[] = {
        LOAD_TYPE,
        IF_TYPE(RTM_DELNEIGH, 0, 5),
        LOAD_BYTE(offsetof(struct ndmsg, ndm_family)),
        IF_EQUAL(AF_BRIDGE, 0, 3),
        LOAD_BYTE(offsetof(struct ndmsg, ndm_flags)),
        IF_SET(NTF_STICKY, 0, 1),
        PASS,
        DROP,
    };
    return watch(fd, RTNLGRP_NEIGH, filter, sizeof filter / sizeof *filter);
}

ssize_t netlink_send(int fd, const uint8_t *message, size_t size) {
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do {
        sent = sendto(fd, message, size, 0, (const struct sockaddr *)&kernel, sizeof kernel);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t netlink_receive(int fd, uint8_t *buffer, size_t size) {
    for (;;) {
        struct sockaddr_nl from = {0};
        socklen_t from_size = sizeof from;
        ssize_t got = recvfrom(fd, buffer, size, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_size);
        if (got < 0 && errno != EINTR) return -errno;
        /* nl_pid 0 is the kernel; another process may send too, and is not listened to. */
        if (got >= 0 && from.nl_pid == 0) return got;
    }
}

ssize_t netlink_exchange(const uint8_t *request, size_t request_size, uint8_t *answer, size_t answer_size) {
    int fd = netlink_open(0);
    if (fd < 0) return fd;
    ssize_t result = netlink_send(fd, request, request_size);
    if (result >= 0) result = netlink_receive(fd, answer, answer_size);
    close(fd);
    return result;
}
