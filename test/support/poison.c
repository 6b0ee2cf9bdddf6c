/*
 * Sends descriptors that block whoever closes them to descriptor 3, a unix socket, and keeps them so until that socket
 * closes or has a message: poison tcp|nested COUNT, poison fuse COUNT FOLDER (as root).
 *
 *   tcp     the last reference of a lingering TCP socket with data that nobody reads; SIGKILL ends its close
 *   nested  the same in the queue of a unix socket in the queue of a unix socket
 *   fuse    a file whose close asks a file system that does not answer; nothing ends that
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTROL = 3, DENIED = 77 };

static int must(int result, const char *what) {
    if (result < 0) err(1, "%s", what);
    return result;
}

static void send_fd(int socket, int fd) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = "fd", .iov_len = 2};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    must((int)sendmsg(socket, &message, 0), "sendmsg");
}

static int lingering(void) {
    static const char data[65536];
    struct linger hour = {.l_onoff = 1, .l_linger = 3600};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int small = 4096;
    int listener = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    must(bind(listener, (struct sockaddr *)&address, size), "bind");
    must(listen(listener, 1), "listen");
    must(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
    int sender = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    setsockopt(sender, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    must(connect(sender, (struct sockaddr *)&address, size), "connect");
    must(accept(listener, NULL, NULL), "accept"); /* stays open, and is never read */
    close(listener);
    while (send(sender, data, sizeof data, MSG_DONTWAIT) > 0) {
    }
    must(setsockopt(sender, SOL_SOCKET, SO_LINGER, &hour, sizeof hour), "SO_LINGER");
    return sender;
}

static int wrap(int fd) {
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), "socketpair");
    send_fd(ends[0], fd);
    close(ends[0]);
    close(fd);
    return ends[1];
}

static int device;

static void reply(uint64_t unique, int error, const void *body, size_t size) {
    char bytes[512];
    struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = error, .unique = unique};
    memcpy(bytes, &header, sizeof header);
    if (size > 0) memcpy(bytes + sizeof header, body, size);
    must((int)write(device, bytes, header.len), "write to /dev/fuse");
}

/* One folder with one file of any name; linux/fuse.h has the messages. */
static void answer(const struct fuse_in_header *asked) {
    struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 65536};
    struct fuse_attr file = {.ino = 2, .mode = S_IFREG | 0600, .nlink = 1};
    struct fuse_entry_out entry = {.nodeid = 2, .entry_valid = 3600, .attr_valid = 3600, .attr = file};
    struct fuse_attr_out attributes = {.attr_valid = 3600, .attr = file};
    struct fuse_open_out opened = {0};
    if (asked->nodeid == FUSE_ROOT_ID)
        attributes.attr = (struct fuse_attr){.ino = 1, .mode = S_IFDIR | 0700, .nlink = 2};
    switch (asked->opcode) {
    case FUSE_INIT:
        return reply(asked->unique, 0, &init, sizeof init);
    case FUSE_LOOKUP:
        return reply(asked->unique, 0, &entry, sizeof entry);
    case FUSE_GETATTR:
        return reply(asked->unique, 0, &attributes, sizeof attributes);
    case FUSE_OPEN:
        return reply(asked->unique, 0, &opened, sizeof opened);
    case FUSE_FLUSH: /* that is the poison */
    case FUSE_INTERRUPT:
    case FUSE_FORGET:
    case FUSE_RELEASE:
        return;
    default:
        reply(asked->unique, -ENOSYS, NULL, 0);
    }
}

/*
 * The mount is in a namespace of our own. The file system and the files are two processes, and this one, which holds no
 * file of it, goes first: whatever waits for it waits no longer then.
 */
static void mount_at(const char *folder) {
    char options[64];
    device = open("/dev/fuse", O_RDWR);
    if (device < 0 || unshare(CLONE_NEWNS) < 0) exit(DENIED);
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount --make-rprivate");
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
    if (mount("poison", folder, "fuse", 0, options) < 0) exit(DENIED);
}

/* Until the control socket has something to say. */
static void serve(void) {
    static char bytes[1 << 18] __attribute__((aligned(8)));
    struct pollfd both[] = {{.fd = device, .events = POLLIN}, {.fd = CONTROL, .events = POLLIN}};
    for (;;) {
        must(poll(both, 2, -1), "poll");
        if (both[1].revents) return;
        if (both[0].revents && read(device, bytes, sizeof bytes) > 0)
            answer((const struct fuse_in_header *)(const void *)bytes);
    }
}

static void send_poison(const char *kind, int count, const char *path) {
    for (; count > 0; count--) {
        int fd = path ? must(open(path, O_RDWR), path) : lingering();
        if (strcmp(kind, "nested") == 0) fd = wrap(wrap(fd));
        send_fd(CONTROL, fd);
        if (!path) close(fd);
    }
    must((int)send(CONTROL, "ready", 5, 0), "send");
}

int main(int count, char **arguments) {
    if (count < 3) errx(2, "usage: poison tcp|nested|fuse COUNT [FOLDER]");
    const char *kind = arguments[1], *folder = count > 3 ? arguments[3] : NULL;
    int wanted = atoi(arguments[2]);
    /* For a test that is killed: its own end may have to wait for ours. */
    alarm(60);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(CONTROL, F_SETFL, fcntl(CONTROL, F_GETFL) & ~O_NONBLOCK);
    if (!folder) {
        char byte;
        send_poison(kind, wanted, NULL);
        return recv(CONTROL, &byte, 1, 0) < 0;
    }
    mount_at(folder);
    if (must(fork(), "fork") == 0) {
        char path[4096];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(device);
        snprintf(path, sizeof path, "%s/file", folder);
        send_poison(kind, wanted, path);
        pause();
    }
    serve();
    return 0;
}
