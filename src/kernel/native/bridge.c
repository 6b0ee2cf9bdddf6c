#include "bridge.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's BR_MAX_PORTS, which no header for programs has; number 0 is never given. */
enum { numbers = 1024 };

int bridge_ports(const char *name, int32_t *indexes, size_t room) {
    int by_number[numbers] = {0};
    unsigned long arguments[] = {BRCTL_GET_PORT_LIST, (unsigned long)by_number, numbers, 0};
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_data = (char *)arguments;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    const int result = ioctl(fd, SIOCDEVPRIVATE, &request) < 0 ? -errno : 0;
    close(fd);
    if (result < 0) return result;
    size_t count = 0;
    for (size_t number = 0; number < numbers && count < room; number++) {
        if (by_number[number] > 0) indexes[count++] = by_number[number];
    }
    return (int)count;
}
