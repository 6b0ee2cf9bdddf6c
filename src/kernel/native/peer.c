/* Who is at the other end of a unix socket. See peer.h. */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* Other families answer SO_PEERCRED too, with nobody. */
static int require_unix(int fd) {
    int domain;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0) return -errno;
    return domain == AF_UNIX ? 0 : -EAFNOSUPPORT;
}

int peer_process(int fd, struct ucred *credentials) {
    int bad = require_unix(fd);
    if (bad) return bad;
    socklen_t size = sizeof *credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, &size) < 0) return -errno;
    return credentials->uid == (uid_t)-1 ? -ENOTCONN : 0;
}

int peer_groups(int fd, gid_t *groups, size_t room) {
    socklen_t size = (socklen_t)(room * sizeof *groups);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0 && errno != ERANGE) return -errno;
    return (int)(size / sizeof *groups);
}

int peer_pidfd(int fd) {
    int pidfd;
    socklen_t size = sizeof pidfd;
    return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0 ? -errno : pidfd;
}

int peer_pidfd_by_number(int fd) {
    struct ucred peer;
    int bad = peer_process(fd, &peer);
    if (bad) return bad;
    /* 0: in a pid namespace that cannot be seen from here. */
    if (peer.pid <= 0) return -ESRCH;
    int pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
    if (pidfd < 0) return -errno;
    struct pollfd still = {.fd = fd};
    if (poll(&still, 1, 0) == 0) return pidfd;
    close(pidfd);
    return -ESRCH;
}
