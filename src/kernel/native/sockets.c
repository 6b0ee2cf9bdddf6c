/* Unix sockets that keep message borders and carry descriptors. See sockets.h. */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Since Linux 6.5; a listener that was handed over may have SO_PASSPIDFD on. */
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/* A security label (SO_PASSSEC) is a string without a limit of its own; those in use are far below this. */
#define LABEL_ROOM 256

static int answer(int returned) {
    return returned < 0 ? -errno : returned;
}

int open_seqpacket(void) {
    return answer(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

int open_stream(void) {
    return answer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

static int to_address(const char *path, struct sockaddr_un *address) {
    size_t length = strlen(path);
    if (length == 0) return -EINVAL;
    if (length >= sizeof address->sun_path) return -ENAMETOOLONG;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return 0;
}

int bind_path(int fd, const char *path) {
    struct sockaddr_un address;
    int bad = to_address(path, &address);
    return bad ? bad : answer(bind(fd, (const struct sockaddr *)&address, sizeof address));
}

int connect_path(int fd, const char *path) {
    struct sockaddr_un address;
    int bad = to_address(path, &address);
    return bad ? bad : answer(connect(fd, (const struct sockaddr *)&address, sizeof address));
}

int listen_on(int fd, int backlog) {
    return answer(listen(fd, backlog));
}

static int option(int fd, int name, int *value) {
    socklen_t size = sizeof *value;
    return answer(getsockopt(fd, SOL_SOCKET, name, value, &size));
}

int adopt_listener(int fd) {
    int domain, type, listens;
    int bad = option(fd, SO_DOMAIN, &domain);
    if (!bad) bad = option(fd, SO_TYPE, &type);
    if (!bad) bad = option(fd, SO_ACCEPTCONN, &listens);
    if (bad) return bad;
    if (domain != AF_UNIX) return -EAFNOSUPPORT;
    if (type != SOCK_SEQPACKET) return -EPROTOTYPE;
    if (!listens) return -EINVAL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return answer(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int bound_path(int fd, char *path, size_t size) {
    struct sockaddr_un address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
    if (address.sun_family != AF_UNIX) return -EAFNOSUPPORT;
    /* The kernel's name may fill sun_path without a NUL. */
    size_t name = length > sizeof address ? sizeof address.sun_path : length - offsetof(struct sockaddr_un, sun_path);
    name = strnlen(address.sun_path, name);
    if (name >= size) return -ENAMETOOLONG;
    memcpy(path, address.sun_path, name);
    path[name] = 0;
    return (int)name;
}

int accept_connection(int listener) {
    return answer(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

static void take_fds(struct cmsghdr *header, int fds[MAX_PASSED_FDS], struct received *about) {
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        if (header->cmsg_type == SCM_RIGHTS && about->fds < MAX_PASSED_FDS)
            fds[about->fds++] = fd;
        else
            close(fd);
    }
}

int receive_message(int fd, void *bytes, size_t size, int fds[MAX_PASSED_FDS], struct received *about) {
    /*
     * Room for all that can come, so that only a full descriptor table can make the kernel drop a descriptor: it closes
     * that in this very thread, for however long.
     */
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(MAX_PASSED_FDS * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred)) +
                   CMSG_SPACE(sizeof(int)) + CMSG_SPACE(LABEL_ROOM)];
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t length;
    do length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0) return -errno;
    struct pollfd peer = {.fd = fd};
    *about = (struct received){.cut_off = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0,
                               .hung_up = poll(&peer, 1, 0) > 0 && (peer.revents & POLLHUP) != 0};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_RIGHTS || header->cmsg_type == SCM_PIDFD) take_fds(header, fds, about);
    }
    return (int)length;
}

int send_message(int fd, const void *bytes, size_t size, const int *fds, size_t count) {
    if (count > MAX_PASSED_FDS || size > INT_MAX) return -EINVAL;
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(MAX_PASSED_FDS * sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = (void *)(size_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : (int)sent;
}

int send_away(int fd, const void *bytes, size_t size, const int *fds, size_t count) {
    int sent = send_message(fd, bytes, size, fds, count);
    for (size_t index = 0; sent >= 0 && index < count; index++) close(fds[index]);
    /* The kernel wakes the receiver on this processor, in the belief that we are about to wait. */
    if (sent >= 0 && count > 0) sched_yield();
    return sent;
}

int unsent_bytes(int fd) {
    int bytes;
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

/* Debian 12's headers are older; the number is that of asm-generic/socket.h. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

int refuse_descriptors(int fd) {
    const int off = 0;
    return answer(setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off));
}

int send_buffer(int fd, int bytes) {
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) == 0) return 0;
    return answer(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes));
}

int receive_buffer(int fd, int bytes) {
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return 0;
    return answer(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes));
}

int socket_pair(int type, int ends[2]) {
    return answer(socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
}
