/* Sockets of UDP and TCP. See inet.h. */
#include "inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int inet_address(const char *text, uint16_t port, struct sockaddr_storage *address) {
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return (int)sizeof *four;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) return -EINVAL;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    return (int)sizeof *six;
}

static int turn_on(int fd, int level, int name) {
    const int on = 1;
    return setsockopt(fd, level, name, &on, sizeof on) < 0 ? -errno : 0;
}

int inet_open(const char *address, int stream) {
    struct sockaddr_storage parsed;
    int bad = inet_address(address, 0, &parsed);
    if (bad < 0) return bad;
    int fd = socket(parsed.ss_family, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    bad = parsed.ss_family == AF_INET6 ? turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) : 0;
    if (!bad && stream) {
        /* Frames are not held back; and a port whose last connection is dying can be listened on again. */
        bad = turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
        if (!bad) bad = turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
    }
    if (bad) close(fd);
    return bad ? bad : fd;
}

int inet_bind(int fd, const char *address, uint16_t port) {
    struct sockaddr_storage parsed;
    int size = inet_address(address, port, &parsed);
    if (size < 0) return size;
    return bind(fd, (const struct sockaddr *)&parsed, (socklen_t)size) < 0 ? -errno : 0;
}

int inet_connect(int fd, const char *address, uint16_t port) {
    struct sockaddr_storage parsed;
    int size = inet_address(address, port, &parsed);
    if (size < 0) return size;
    return connect(fd, (const struct sockaddr *)&parsed, (socklen_t)size) < 0 ? -errno : 0;
}

int inet_fragment(int fd, int allow) {
    int family = 0;
    socklen_t size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0) return -errno;
    if (family == AF_INET6) {
        int six = allow ? IPV6_PMTUDISC_WANT : IPV6_PMTUDISC_DO;
        return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &six, sizeof six) < 0 ? -errno : 0;
    }
    int four = allow ? IP_PMTUDISC_WANT : IP_PMTUDISC_DO;
    return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &four, sizeof four) < 0 ? -errno : 0;
}

int inet_path_mtu(int fd) {
    int mtu = 0, family = 0;
    socklen_t size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0) return -errno;
    const int bad = family == AF_INET6 ? getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &size)
                                       : getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &size);
    return bad < 0 ? -errno : mtu;
}

int inet_duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int socket_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : error;
}

int make_blocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}
