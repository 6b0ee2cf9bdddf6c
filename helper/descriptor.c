/* One message with one descriptor (unix(7), SCM_RIGHTS): sent, received. */
#include "helper.h"

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

/* The descriptor stays open here. false: errno says why. */
bool send_with(int socket, struct iovec *parts, int count, int descriptor, int flags) {
    union control control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct msghdr message = {.msg_iov = parts, .msg_control = &control};
    message.msg_iovlen = (__typeof__(message.msg_iovlen))count; /* size_t in glibc, int in musl */
    message.msg_controllen = control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL) >= 0;
}

/* Returns the message's length. descriptor: -1 where none came, else the caller's to close. */
size_t receive_with(int socket, char bytes[MAX_MESSAGE], int *descriptor) {
    union control control = {.space = {0}};
    struct iovec whole = {.iov_base = bytes, .iov_len = MAX_MESSAGE};
    struct msghdr message = {.msg_iov = &whole, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = sizeof control;
    ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (length < 0 && errno == ECONNRESET) /* tells once that our message was not read; theirs comes after it */
        length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (length <= 0) fail(BROKEN, "the broker hung up without an answer; its log may say why");
    /* Where alignment leaves space for two, two may come. The exit closes them. */
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || control.header.cmsg_len > CMSG_LEN(sizeof(int)))
        fail(BROKEN,
             "the answer is over 64 KiB or has over one descriptor, or `ulimit -n` is too low; is it fdbrokerd's?");
    *descriptor = -1;
    if (control.header.cmsg_len != 0) memcpy(descriptor, CMSG_DATA(&control.header), sizeof(int));
    return (size_t)length;
}
