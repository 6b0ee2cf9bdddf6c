/*
 * Starts a network helper as QEMU does, again and again, and times each: fork, exec, receive the descriptor, reap.
 *
 * usage: bench-spawn COUNT TOGETHER PROGRAM [ARGUMENT...]
 *
 * Runs COUNT helpers, TOGETHER at a time, each with --fd=N for its end of a stream socketpair. Prints the nanoseconds
 * of each, in the order of their starts, and an empty line. Holds every descriptor it got until its standard input
 * ends.
 */
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_COUNT = 4096, PATIENCE = 60000 };

struct request {
    int64_t start, end;
    int socket, pidfd;
};

static struct request requests[MAX_COUNT];
static struct pollfd waited[2 * MAX_COUNT];

static void start(struct request *request, char **program, int arguments) {
    int ends[2];
    char *command[64], number[32];
    request->start = now(CLOCK_MONOTONIC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) die("socketpair");
    const pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        fcntl(ends[1], F_SETFD, 0);
        snprintf(number, sizeof number, "--fd=%d", ends[1]);
        memcpy(command, program, (size_t)arguments * sizeof *command);
        command[arguments] = number;
        command[arguments + 1] = NULL;
        execv(command[0], command);
        _exit(127);
    }
    close(ends[1]);
    request->socket = ends[0];
    request->pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    if (request->pidfd < 0) die("pidfd_open");
}

/* One byte with one descriptor, which stays open until this program ends. */
static void receive(struct request *request) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(request->socket, &message, MSG_CMSG_CLOEXEC) != 1) die("the helper sent nothing");
    if (CMSG_FIRSTHDR(&message) == NULL) die("the helper sent no descriptor");
    close(request->socket);
    request->socket = -1;
}

static void reap(struct request *request) {
    siginfo_t info;
    if (waitid(P_PIDFD, (id_t)request->pidfd, &info, WEXITED) < 0) die("waitid");
    if (info.si_code != CLD_EXITED || info.si_status != 0) die("the helper failed");
    close(request->pidfd);
    request->pidfd = -1;
}

/* Until each has sent its descriptor and ended. */
static void finish(struct request *batch, size_t count) {
    for (size_t left = count; left > 0;) {
        for (size_t i = 0; i < count; i++) {
            waited[2 * i] = (struct pollfd){.fd = batch[i].socket, .events = POLLIN};
            /* The end of a process counts only once its descriptor is here. */
            waited[2 * i + 1] = (struct pollfd){.fd = batch[i].socket < 0 ? batch[i].pidfd : -1, .events = POLLIN};
        }
        if (poll(waited, 2 * count, PATIENCE) <= 0) die("no helper came back in a minute");
        for (size_t i = 0; i < count; i++) {
            if (waited[2 * i].revents != 0) receive(&batch[i]);
            if (waited[2 * i + 1].revents != 0) {
                reap(&batch[i]);
                batch[i].end = now(CLOCK_MONOTONIC);
                left--;
            }
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 60) return 2;
    const size_t count = (size_t)atoi(argv[1]), together = (size_t)atoi(argv[2]);
    if (count < 1 || count > MAX_COUNT || together < 1 || together > count) return 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    for (size_t done = 0; done < count; done += together) {
        const size_t batch = count - done < together ? count - done : together;
        for (size_t i = 0; i < batch; i++) start(&requests[done + i], argv + 3, argc - 3);
        finish(&requests[done], batch);
    }
    for (size_t i = 0; i < count; i++) printf("%lld\n", (long long)(requests[i].end - requests[i].start));
    printf("\n");
    fflush(stdout);
    while (getchar() != EOF) continue;
    return 0;
}
