#include "macvtap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int uevent_open(void) {
    /* Group 1 is the kernel's own; udevd tells on in group 2. */
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_groups = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (fd < 0) return -errno;
    if (bind(fd, (const struct sockaddr *)&kernel, sizeof kernel) == 0) return fd;
    const int error = errno;
    close(fd);
    return -error;
}

/* Opening adds a queue to the link, which takes frames at once: so only what is known to be ours is opened. */
static int open_known(int place, unsigned major_number, unsigned minor_number) {
    struct stat status;
    char path[32];
    if (fstat(place, &status) < 0) return -errno;
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(major_number, minor_number)) return -ESTALE;
    snprintf(path, sizeof path, "/proc/self/fd/%d", place);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int macvtap_open(const char *path, unsigned major_number, unsigned minor_number) {
    struct flock shared = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0) return -errno;
    int fd = open_known(place, major_number, minor_number);
    close(place);
    if (fd < 0 || fcntl(fd, F_OFD_SETLK, &shared) == 0) return fd;
    const int error = errno;
    close(fd);
    return -error;
}

int closes_open(void) {
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int closes_watch(int fd, const char *path) {
    int number = inotify_add_watch(fd, path, IN_CLOSE_WRITE | IN_DONT_FOLLOW);
    return number < 0 ? -errno : number;
}

int closes_take(int fd, int *numbers, int room) {
    /* Events of a node, not of a folder, have no name behind them. */
    struct inotify_event events[64];
    size_t most = sizeof events / sizeof *events;
    int count = 0;
    if ((size_t)room < most) most = (size_t)room;
    ssize_t got = read(fd, events, most * sizeof *events);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    for (const struct inotify_event *event = events; (const char *)event < (const char *)events + got; event++)
        numbers[count++] = event->mask & IN_Q_OVERFLOW ? -1 : event->mask & IN_IGNORED ? -2 - event->wd : event->wd;
    return count;
}
