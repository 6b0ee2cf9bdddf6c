#include "interfaces.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* Of one sort. The kernel's memory for filters is bounded (net.core.optmem_max), and conditional jumps are short. */
#define MOST 128
/* Any odd number that mixes well. */
#define FACTOR 0x9e3779b1u
/* Where the low byte of a number of two is. */
#define LOW_BYTE (BYTE_ORDER == LITTLE_ENDIAN ? 0 : 1)

/* In the filter's own memory: the length of the name's attribute, the sum so far, where the attribute is. */
enum { LENGTH, SUM, WHERE };

struct filter {
    struct sock_filter steps[2 * MOST + 80];
    size_t length;
};

static void add(struct filter *filter, struct sock_filter step) {
    filter->steps[filter->length++] = step;
}

/* If A is one of the values, the event passes. */
static void pass_if_any(struct filter *filter, const uint32_t *values, size_t count) {
    for (size_t at = 0; at < count; at++)
        add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, values[at], (uint8_t)(count - at), 0));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0));
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX));
}

/* As the filter adds it up: word by word, the NUL included, as big-endian numbers. */
static uint32_t name_sum(const char name[IFNAMSIZ]) {
    uint32_t sum = 0;
    for (size_t at = 0; at < strnlen(name, IFNAMSIZ - 1) + 1; at += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, name + at, sizeof word);
        sum = (sum + ntohl(word)) * FACTOR;
    }
    return sum;
}

/* A becomes the sum of the link's name; an event without one is dropped. The kernel fills attributes up with zeros. */
static void add_up_name(struct filter *filter) {
    const struct sock_filter find[] = {
        BPF_STMT(BPF_LDX | BPF_IMM, IFLA_IFNAME),
        BPF_STMT(BPF_LD | BPF_IMM, NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifinfomsg))),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_ST, WHERE),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, LOW_BYTE),
        BPF_STMT(BPF_ST, LENGTH),
        BPF_STMT(BPF_LD | BPF_IMM, 0),
        BPF_STMT(BPF_ST, SUM),
    };
    for (size_t at = 0; at < sizeof find / sizeof *find; at++) add(filter, find[at]);
    for (uint32_t at = sizeof(struct nlattr); at < sizeof(struct nlattr) + IFNAMSIZ; at += sizeof(uint32_t)) {
        const struct sock_filter word[] = {
            BPF_STMT(BPF_LD | BPF_MEM, LENGTH),
            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, at, 0, 6),
            BPF_STMT(BPF_LDX | BPF_MEM, WHERE),
            BPF_STMT(BPF_LD | BPF_W | BPF_IND, at),
            BPF_STMT(BPF_LDX | BPF_MEM, SUM),
            BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
            BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, FACTOR),
            BPF_STMT(BPF_ST, SUM),
        };
        for (size_t step = 0; step < sizeof word / sizeof *word; step++) add(filter, word[step]);
    }
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, SUM));
}

static int attach(int fd, struct sock_filter *steps, size_t length) {
    struct sock_fprog program = {.len = (unsigned short)length, .filter = steps};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

static int attach_filter(int fd, const char (*names)[IFNAMSIZ], size_t name_count, const uint32_t *indexes,
                         size_t index_count) {
    uint32_t values[MOST];
    if (name_count > MOST || index_count > MOST) return -E2BIG;
    struct filter filter = {.length = 0};
    /* ifinfomsg and ifaddrmsg have the ifindex in the same place */
    add(&filter,
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_index)));
    /* The filter loads big-endian, netlink has the host's order: htonl turns the one into the other */
    for (size_t at = 0; at < index_count; at++) values[at] = htonl(indexes[at]);
    pass_if_any(&filter, values, index_count);
    add(&filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)));
    add(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 2, 0));
    add(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 1, 0));
    add(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
    add_up_name(&filter);
    for (size_t at = 0; at < name_count; at++) values[at] = name_sum(names[at]);
    pass_if_any(&filter, values, name_count);
    add(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
    return attach(fd, filter.steps, filter.length);
}

int interfaces_watch(int fd, const char (*names)[IFNAMSIZ], size_t name_count, const uint32_t *indexes,
                     size_t index_count) {
    static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
    struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)};
    int result = attach_filter(fd, names, name_count, indexes, index_count);
    if (result == -E2BIG || result == -ENOMEM) result = attach(fd, all, 1);
    /* The filter comes first, so that nothing it drops is queued before it */
    for (size_t at = 0; result == 0 && at < sizeof groups / sizeof *groups; at++) {
        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[at], sizeof groups[at]) < 0) result = -errno;
    }
    return result;
}
