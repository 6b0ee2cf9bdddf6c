/*
 * Preloaded into the broker: tells the processor time of its main thread apart into what passes inside system calls and
 * what does not, and how long its event loop stayed away from epoll. The kernel's own division into user and system
 * time is sampled by the timer tick, which is far too coarse for one request.
 *
 * Writes three numbers of 8 bytes into the file that BENCH_CALLS names: nanoseconds of processor time in all, those
 * inside calls, and the longest turn of the event loop since the number was last set to 0, in nanoseconds of real time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct { volatile int64_t all, inside, longest_turn; } * shared;
static int64_t clock_cost, turn_began;
static __thread int is_main_thread;

static int64_t read_clock(clockid_t which) {
    struct timespec time;
    clock_gettime(which, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t before(void) {
    return shared != NULL && is_main_thread ? read_clock(CLOCK_THREAD_CPUTIME_ID) : -1;
}

/* Reading the clock is a call as well: half of each reading falls outside what the two measure. */
static void after(int64_t began) {
    if (began < 0) return;
    shared->all = read_clock(CLOCK_THREAD_CPUTIME_ID);
    shared->inside += shared->all - began + clock_cost;
}

__attribute__((constructor)) static void set_up(void) {
    const char *path = getenv("BENCH_CALLS");
    if (path == NULL) return;
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return;
    is_main_thread = 1;
    const int64_t start = read_clock(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 1000; i++) read_clock(CLOCK_THREAD_CPUTIME_ID);
    clock_cost = (read_clock(CLOCK_THREAD_CPUTIME_ID) - start) / 1000;
    shared = page;
}

#define PASS_ON(type, name, parameters, ...)                                                                           \
    type name parameters {                                                                                             \
        static type(*real) parameters;                                                                                 \
        if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name);                                                   \
        const int64_t began = before();                                                                                \
        type result = real(__VA_ARGS__);                                                                               \
        after(began);                                                                                                  \
        return result;                                                                                                 \
    }

PASS_ON(int, socket, (int domain, int type, int protocol), domain, type, protocol)
PASS_ON(int, bind, (int fd, const struct sockaddr *address, socklen_t length), fd, address, length)
PASS_ON(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags), fd, address, length, flags)
PASS_ON(ssize_t, send, (int fd, const void *bytes, size_t length, int flags), fd, bytes, length, flags)
PASS_ON(ssize_t, recv, (int fd, void *bytes, size_t length, int flags), fd, bytes, length, flags)
PASS_ON(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), fd, message, flags)
PASS_ON(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), fd, message, flags)
PASS_ON(ssize_t, read, (int fd, void *bytes, size_t length), fd, bytes, length)
PASS_ON(ssize_t, write, (int fd, const void *bytes, size_t length), fd, bytes, length)
PASS_ON(int, close, (int fd), fd)
PASS_ON(int, epoll_ctl, (int set, int what, int fd, struct epoll_event *event), set, what, fd, event)
PASS_ON(int, epoll_wait, (int set, struct epoll_event *events, int most, int timeout), set, events, most, timeout)
PASS_ON(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *length), fd, level, name, value, length)
PASS_ON(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t length), fd, level, name, value,
        length)
PASS_ON(ssize_t, sendto,
        (int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t to_length), fd,
        bytes, length, flags, to, to_length)
PASS_ON(ssize_t, recvfrom,
        (int fd, void *bytes, size_t length, int flags, struct sockaddr *from, socklen_t *from_length), fd, bytes,
        length, flags, from, from_length)

int ioctl(int fd, unsigned long request, ...) {
    static int (*real)(int, unsigned long, ...);
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "ioctl");
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    const int64_t began = before();
    const int result = real(fd, request, argument);
    after(began);
    return result;
}

int open(const char *path, int flags, ...) {
    static int (*real)(const char *, int, ...);
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "open");
    va_list rest;
    va_start(rest, flags);
    const int mode = va_arg(rest, int);
    va_end(rest);
    const int64_t began = before();
    const int result = real(path, flags, mode);
    after(began);
    return result;
}

/* The event loop waits here and nowhere else; with a timeout of 0 it only looks. */
int epoll_pwait(int set, struct epoll_event *events, int most, int timeout, const sigset_t *mask) {
    static int (*real)(int, struct epoll_event *, int, int, const sigset_t *);
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "epoll_pwait");
    const int64_t began = before();
    if (began >= 0 && turn_began > 0) {
        const int64_t turn = read_clock(CLOCK_MONOTONIC) - turn_began;
        if (turn > shared->longest_turn) shared->longest_turn = turn;
    }
    const int result = real(set, events, most, timeout, mask);
    after(began);
    if (began >= 0) turn_began = read_clock(CLOCK_MONOTONIC);
    return result;
}
