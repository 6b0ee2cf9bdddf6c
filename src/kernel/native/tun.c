#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int tun_device(void) {
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int vhost_device(void) {
    int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int tun_attach(int fd, const char *name, int flags) {
    struct ifreq request = {0};
    size_t length = strlen(name);

    /* The kernel makes up a name for an empty one, and takes % for a pattern. */
    if (length == 0 || length >= IFNAMSIZ || strchr(name, '%') != NULL) return -EINVAL;
    memcpy(request.ifr_name, name, length);
    request.ifr_flags = (short)flags;
    return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

int tun_own(int fd) {
    return ioctl(fd, TUNSETOWNER, (unsigned long)geteuid()) < 0 ? -errno : 0;
}

/* Newer than some headers. */
#define CARRIED_UDP (0x20 | 0x40)

int tun_carry(int fd) {
    const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    const int flags = fcntl(fd, F_GETFL), header = sizeof(struct virtio_net_hdr), off = 0;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    if (ioctl(fd, TUNSETVNETHDRSZ, &header) < 0 || ioctl(fd, TUNSETVNETLE, &off) < 0) return -errno;
    /* Most kernels know no other byte order than their own */
    if (ioctl(fd, TUNSETVNETBE, &off) < 0 && errno != EINVAL) return -errno;
    if (ioctl(fd, TUNSETOFFLOAD, tcp | CARRIED_UDP) == 0) return 0;
    return ioctl(fd, TUNSETOFFLOAD, tcp) < 0 ? -errno : 0;
}

int link_index(const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    /* Not by if_nametoindex, which says ENOENT when there is no descriptor left. */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    const int index = ioctl(fd, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
    close(fd);
    return index;
}

int link_facts(const char *name, struct link_facts *facts) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int failed = ioctl(fd, SIOCGIFINDEX, &request);
    facts->index = request.ifr_ifindex;
    failed = failed || ioctl(fd, SIOCGIFMTU, &request);
    facts->mtu = request.ifr_mtu;
    failed = failed || ioctl(fd, SIOCGIFHWADDR, &request);
    memcpy(facts->address, request.ifr_hwaddr.sa_data, 6);
    failed = failed || ioctl(fd, SIOCGIFFLAGS, &request);
    facts->up = (request.ifr_flags & IFF_UP) != 0;
    const int error = errno;
    close(fd);
    return failed ? -error : 0;
}
