/* Waiting by epoll(7). See poller.h. */
#include "poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int told(int result) {
    return result < 0 ? -errno : result;
}

int poller_open(void) {
    return told(epoll_create1(EPOLL_CLOEXEC));
}

int poller_add(int poller, int fd, int32_t id, int edge) {
    struct epoll_event event = {EPOLLIN | EPOLLRDHUP | (edge ? (uint32_t)EPOLLET : 0), {.u32 = (uint32_t)id}};
    return told(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event));
}

int poller_remove(int poller, int fd) {
    return told(epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL));
}

int poller_wait(int poller, int32_t *pairs, uint32_t places, int milliseconds) {
    struct epoll_event events[POLLER_BATCH];
    int room = places < POLLER_BATCH ? (int)places : POLLER_BATCH;
    int ready = epoll_wait(poller, events, room, milliseconds);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < ready; i++) {
        uint32_t seen = events[i].events;
        pairs[2 * i] = (int32_t)events[i].data.u32;
        pairs[2 * i + 1] = (seen & EPOLLIN ? POLLER_READ : 0) | (seen & (EPOLLHUP | EPOLLRDHUP) ? POLLER_HANGUP : 0) |
                           (seen & EPOLLERR ? POLLER_ERROR : 0);
    }
    return ready;
}

int waker_open(void) {
    return told(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int waker_wake(int waker) {
    return told(eventfd_write(waker, 1));
}

int waker_drain(int waker) {
    eventfd_t value;
    return told(eventfd_read(waker, &value));
}
