/*
 * Asks the broker for one thing again and again, one at a time, and times each: connect, send, receive the descriptors.
 *
 * usage: bench-grant SOCKET COUNT keep|close MESSAGE-FILE
 *
 * Sends the file's contents COUNT times and prints the nanoseconds of each, in their order, and an empty line. keep:
 * what was received stays open until standard input ends, so that its end costs none of the others; close: it is closed
 * at once, outside what is timed, for what there can be only one of.
 */
#include "common.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_COUNT = 4096, MAX_FDS = 64 };

static char message[1024], reply[65536];
static int64_t times[MAX_COUNT];

/* @returns how long it took, in nanoseconds. */
static int64_t ask(const struct sockaddr_un *broker, size_t length, int keep) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(MAX_FDS * sizeof(int))];
    struct iovec part = {.iov_base = reply, .iov_len = sizeof reply - 1};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const int64_t began = now(CLOCK_MONOTONIC);
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)broker, sizeof *broker) < 0) die("connect");
    if (send(fd, message, length, MSG_NOSIGNAL) < 0) die("send");
    const ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    const int64_t ended = now(CLOCK_MONOTONIC);
    close(fd);
    if (got <= 0) die("the broker did not answer");
    reply[got] = '\0';
    const struct cmsghdr *part_of = CMSG_FIRSTHDR(&header);
    if (strstr(reply, "\nstatus=ok\n") == NULL || part_of == NULL) {
        fprintf(stderr, "bench-grant: the broker said no:\n%s", reply);
        exit(1);
    }
    const size_t count = (part_of->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    int fds[MAX_FDS];
    memcpy(fds, CMSG_DATA(part_of), count * sizeof(int));
    for (size_t i = 0; i < count && !keep; i++) close(fds[i]);
    return ended - began;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    struct sockaddr_un broker = {.sun_family = AF_UNIX};
    const size_t count = (size_t)atoi(argv[2]);
    if (strlen(argv[1]) >= sizeof broker.sun_path || count < 1 || count > MAX_COUNT) return 2;
    strcpy(broker.sun_path, argv[1]);
    FILE *file = fopen(argv[4], "r");
    if (file == NULL) die(argv[4]);
    const size_t length = fread(message, 1, sizeof message, file);
    fclose(file);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    for (size_t i = 0; i < count; i++) times[i] = ask(&broker, length, strcmp(argv[3], "keep") == 0);
    for (size_t i = 0; i < count; i++) printf("%lld\n", (long long)times[i]);
    printf("\n");
    fflush(stdout);
    while (getchar() != EOF) continue;
    return 0;
}
