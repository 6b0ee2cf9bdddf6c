#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

int tun_device(void) {
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
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

int link_index(const char *name) {
    unsigned index = if_nametoindex(name);
    return index != 0 ? (int)index : -errno;
}
