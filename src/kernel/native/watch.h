/*
 * One epoll set whose own descriptor is all that the event loop polls. A uv_poll for each descriptor would die for good
 * at the first error event, such as a netlink socket's overflow. Every function returns 0 or more, or -errno.
 */
#ifndef FDBROKER_WATCH_H
#define FDBROKER_WATCH_H

#include <stdint.h>

struct uv_loop_s;
struct watch;

/* Interest is of the first two; hangup and error always come. */
enum { WATCH_READ = 1, WATCH_WRITE = 2, WATCH_HANGUP = 4, WATCH_ERROR = 8 };

/* Events in one call of watch_take at most. */
#define WATCH_BATCH 64

struct watch_event {
    int32_t fd;
    /* As the caller gave it when the descriptor was added: tells a number's next owner from its last. */
    int32_t generation;
    int32_t events;
};

/* ready is called once in a turn in which there are events; closed once, after watch_close, when all is freed. */
int watch_open(struct uv_loop_s *loop, void (*ready)(void *), void (*closed)(void *), void *context,
               struct watch **watch);
void watch_close(struct watch *watch);

int watch_add(struct watch *watch, int fd, int32_t generation, int interest);
int watch_change(struct watch *watch, int fd, int32_t generation, int interest);
/* Before the descriptor is closed: while another process holds a duplicate a closed one reports for ever. */
int watch_remove(struct watch *watch, int fd);

/* What is ready now, up to room and to WATCH_BATCH events; the rest stays ready. */
int watch_take(struct watch *watch, struct watch_event *events, int room);

/* Whether the set keeps the event loop alive; it does at first. */
void watch_reference(struct watch *watch, int keeps_alive);

#endif
