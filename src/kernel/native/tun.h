/* Taps by /dev/net/tun (the kernel's Documentation/networking/tuntap.rst). Results are 0 or more, or -errno. */
#ifndef FDBROKER_TUN_H
#define FDBROKER_TUN_H

#include <stdint.h>

/* A descriptor of /dev/net/tun, close-on-exec and blocking as qemu-bridge-helper's, which has no tap yet. */
int tun_device(void);

/* A descriptor of /dev/vhost-net, close-on-exec: one queue's worker in the kernel, as yet without a device. */
int vhost_device(void);

/*
 * TUNSETIFF: gives the descriptor the tap of exactly this name, which is made when there is none. flags are IFF_* of
 * linux/if_tun.h. -EBUSY: with IFF_TUN_EXCL the name is taken, without it somebody holds the tap.
 */
int tun_attach(int fd, const char *name, int flags);

/*
 * TUNSETOWNER: nobody but this process's user, and who has CAP_NET_ADMIN, may attach to the tap by its name from now
 * on. While a tap has no owner, anybody may.
 */
int tun_own(int fd);

/*
 * For whoever moves a tap's frames by its descriptor: reading fails with EAGAIN rather than waits, and the host may
 * leave checksums and segmentation, of TCP and where the kernel can (6.2) of UDP, to who reads, as the virtio-net
 * header says. That has ten bytes in this host's order, whatever those who had the tap before have made of it.
 */
int tun_carry(int fd);

/* What says whether a link is the one that was looked at before, and as it was. */
struct link_facts {
    int32_t index, mtu;
    uint8_t address[8]; /* the first six */
    int32_t up;
};

/* Of the link of this name; -ENODEV when there is none. */
int link_facts(const char *name, struct link_facts *facts);

/* SIOCGIFINDEX: the ifindex of the link of this name; -ENODEV when there is none. */
int link_index(const char *name);

#endif
