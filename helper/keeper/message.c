/* Messages with descriptors. See keeper.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper.h"

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

void close_all(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) close(fds[i]);
}

int receive_message(int socket, struct message *message) {
    union control control;
    struct iovec whole = {.iov_base = message->bytes, .iov_len = MAX_MESSAGE};
    struct msghdr about = {.msg_iov = &whole, .msg_iovlen = 1, .msg_control = &control};
    about.msg_controllen = sizeof control;
    ssize_t length;
    do {
        length = recvmsg(socket, &about, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    message->fd_count = 0;
    if (length < 0) return errno == EAGAIN ? 0 : -1;
    const struct cmsghdr *first = CMSG_FIRSTHDR(&about);
    if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS) {
        message->fd_count = (first->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(message->fds, CMSG_DATA(first), message->fd_count * sizeof(int));
    }
    message->length = (size_t)length;
    message->bytes[length] = '\0';
    if (length > 0 && !(about.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return 1;
    close_all(message->fds, message->fd_count);
    return -1;
}

bool send_message(int socket, const char *head, const char *bytes, size_t length, const int *fds, size_t fd_count) {
    union control control = {.space = {0}};
    struct iovec parts[2] = {{(char *)head, strlen(head)}, {(char *)bytes, length}};
    struct msghdr about = {.msg_iov = parts, .msg_iovlen = 2};
    if (fd_count > 0) {
        about.msg_control = &control;
        /* size_t in glibc, 32 bits in musl */
        about.msg_controllen = (__typeof__(about.msg_controllen))CMSG_SPACE(fd_count * sizeof(int));
        control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        control.header.cmsg_len = (__typeof__(control.header.cmsg_len))CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &about, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}
