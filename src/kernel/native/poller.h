/*
 * An epoll set for a thread that waits for it and for nothing else. Every function returns 0 or more, or -errno.
 */
#ifndef FDBROKER_POLLER_H
#define FDBROKER_POLLER_H

#include <stdint.h>

/* A descriptor, close-on-exec, which the caller closes. */
int poller_open(void);
/* edge: it is told of once whenever more has come, and not for as long as something is there. */
int poller_add(int poller, int fd, int32_t id, int edge);
/* Before the descriptor is closed: while another process holds a duplicate a closed one reports for ever. */
int poller_remove(int poller, int fd);

#define POLLER_BATCH 64
enum { POLLER_READ = 1, POLLER_HANGUP = 2, POLLER_ERROR = 4 };

/*
 * Waits until something is there; milliseconds: -1 for ever. Writes pairs of id and events, as many at most as there
 * are places for, and returns how many.
 */
int poller_wait(int poller, int32_t *pairs, uint32_t places, int milliseconds);

/* An eventfd(2), close-on-exec, which the caller closes, and making it readable, for ever unless it is drained. */
int waker_open(void);
int waker_wake(int waker);
int waker_drain(int waker);

#endif
