/*
 * Runs a program as QEMU runs a helper (net/tap.c, net_bridge_run_helper) and tells in one line of JSON what came of
 * it: bytes and descriptors until the end of the socket, the first descriptor's file, how the program ended.
 *
 *   fake-qemu SCENE PROGRAM ARGUMENT...
 *
 * "%FD%" in an argument becomes the number of the program's socket. SCENE, letters or "-":
 *   e  the program's stderr is closed        i  its stdin is closed
 *   n  stdin, stdout and stderr are closed   r  QEMU is gone
 *   p  stderr is a full pipe, not read       q  stderr is a pipe whose reader is gone
 *   f  the socket is full                    t  the socket is one of TCP
 *   x  there is no socket, only its number
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool scene_has(const char *scene, char letter) {
    return strchr(scene, letter) != NULL;
}

static void check(bool done, const char *what) {
    if (done) return;
    perror(what);
    exit(99);
}

static void make_sockets(const char *scene, int ends[2]) {
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    if (scene_has(scene, 't')) {
        const int listener = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        check(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0, "listen");
        check(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
        const int near = socket(AF_INET, SOCK_STREAM, 0);
        check(connect(near, (struct sockaddr *)&address, size) == 0 && dup2(near, ends[1]) >= 0, "connect");
        close(near);
        check(dup2(accept(listener, NULL, NULL), ends[0]) >= 0, "accept");
        close(listener);
    }
    if (scene_has(scene, 'f'))
        while (send(ends[1], "", 1, MSG_DONTWAIT) == 1) continue;
}

static _Noreturn void run(const char *scene, int socket, char **program) {
    int errors[2] = {-1, STDERR_FILENO};
    char number[16];
    if (scene_has(scene, 'p') || scene_has(scene, 'q')) check(pipe(errors) == 0, "pipe");
    if (scene_has(scene, 'p')) {
        fcntl(errors[1], F_SETFL, O_NONBLOCK);
        while (write(errors[1], "", 1) == 1) continue;
        fcntl(errors[1], F_SETFL, 0);
    } else {
        close(errors[0]);
    }
    /* What QEMU has blocked by the time it runs a helper: util/main-loop.c, and SIGCHLD for this. */
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int *each = (const int[]){SIGIO, SIGALRM, SIGUSR1, SIGCHLD, 0}; *each != 0; each++)
        sigaddset(&blocked, *each);
    sigprocmask(SIG_SETMASK, &blocked, NULL);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(number, sizeof number, "%d", socket);
    for (char **argument = program; *argument != NULL; argument++) {
        char *const mark = strstr(*argument, "%FD%");
        if (mark == NULL) continue;
        char *const text = malloc(strlen(*argument) + sizeof number);
        check(text != NULL, "malloc");
        sprintf(text, "%.*s%s%s", (int)(mark - *argument), *argument, number, mark + strlen("%FD%"));
        *argument = text;
    }
    dup2(errors[1], STDERR_FILENO);
    for (int fd = 3; fd < 64; fd++)
        if ((fd != socket || scene_has(scene, 'x')) && fd != errors[0]) close(fd);
    if (scene_has(scene, 'n') || scene_has(scene, 'i')) close(STDIN_FILENO);
    if (scene_has(scene, 'n')) close(STDOUT_FILENO);
    if (scene_has(scene, 'n') || scene_has(scene, 'e')) close(STDERR_FILENO);
    execvp(program[0], program);
    _exit(98);
}

int main(int argc, char **argv) {
    int ends[2], status, bytes = 0, descriptors = 0, error = 0;
    struct stat file = {0};
    if (argc < 3) return 99;
    /* A program that never ends fails its test, and outlives neither us nor the test. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(60);
    make_sockets(argv[1], ends);
    if (scene_has(argv[1], 'r')) close(ends[0]);
    const pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) run(argv[1], ends[1], argv + 2);
    close(ends[1]);
    if (scene_has(argv[1], 'f')) check(waitpid(child, &status, 0) == child, "waitpid");
    /* QEMU reads once; to the end shows what a second read would get, and that there is an end. */
    for (ssize_t length = 1; length > 0 && !scene_has(argv[1], 'r'); bytes += (int)length) {
        char text[4096];
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(16 * sizeof(int))];
        } control = {.space = {0}};
        struct iovec whole = {.iov_base = text, .iov_len = sizeof text};
        struct msghdr message = {.msg_iov = &whole, .msg_iovlen = 1, .msg_control = &control};
        message.msg_controllen = sizeof control;
        length = recvmsg(ends[0], &message, 0);
        error = length < 0 ? errno : 0;
        if (length < 0) break;
        if (control.header.cmsg_len <= CMSG_LEN(0)) continue;
        descriptors += (int)((control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int));
        int descriptor;
        memcpy(&descriptor, CMSG_DATA(&control.header), sizeof descriptor);
        check(fstat(descriptor, &file) == 0, "fstat");
    }
    if (!scene_has(argv[1], 'f')) check(waitpid(child, &status, 0) == child, "waitpid");
    printf("{\"bytes\":%d,\"descriptors\":%d,\"dev\":%lu,\"ino\":%lu,\"error\":%d,\"status\":%d,\"signal\":%d}\n",
           bytes, descriptors, (unsigned long)file.st_dev, (unsigned long)file.st_ino, error,
           WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return 0;
}
