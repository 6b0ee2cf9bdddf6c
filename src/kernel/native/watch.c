/* One epoll set in the event loop. See watch.h. */
#include "watch.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/*
 * Of libuv's interface (docs.libuv.org), which Node exports but whose header does not come with the Node-API headers:
 * stable within libuv 1, with handles of a size that is asked for.
 */
typedef struct uv_poll_s uv_poll_t;
typedef struct uv_handle_s uv_handle_t;
enum { UV_POLL = 8 };
enum { UV_READABLE = 1 };
size_t uv_handle_size(int type);
int uv_poll_init(struct uv_loop_s *loop, uv_poll_t *handle, int fd);
int uv_poll_start(uv_poll_t *handle, int events, void (*callback)(uv_poll_t *handle, int status, int events));
void uv_close(uv_handle_t *handle, void (*callback)(uv_handle_t *handle));
void uv_ref(uv_handle_t *handle);
void uv_unref(uv_handle_t *handle);
void *uv_handle_get_data(const uv_handle_t *handle);
void uv_handle_set_data(uv_handle_t *handle, void *data);

struct watch {
    int epoll;
    uv_poll_t *poll;
    void (*ready)(void *);
    void (*closed)(void *);
    void *context;
};

static uv_handle_t *handle_of(struct watch *watch) {
    return (uv_handle_t *)watch->poll;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    struct watch *watch = uv_handle_get_data((uv_handle_t *)poll);
    watch->ready(watch->context);
}

static void discard(struct watch *watch) {
    if (watch->epoll >= 0) close(watch->epoll);
    free(watch->poll);
    free(watch);
}

static void on_close(uv_handle_t *handle) {
    struct watch *watch = uv_handle_get_data(handle);
    void (*closed)(void *) = watch->closed;
    void *context = watch->context;
    discard(watch);
    closed(context);
}

int watch_open(struct uv_loop_s *loop, void (*ready)(void *), void (*closed)(void *), void *context,
               struct watch **opened) {
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch) return -ENOMEM;
    *watch = (struct watch){.ready = ready, .closed = closed, .context = context};
    watch->poll = calloc(1, uv_handle_size(UV_POLL));
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    int bad = watch->poll == NULL ? -ENOMEM : watch->epoll < 0 ? -errno : 0;
    if (!bad) bad = uv_poll_init(loop, watch->poll, watch->epoll);
    if (bad) {
        discard(watch);
        return bad;
    }
    uv_handle_set_data(handle_of(watch), watch);
    /* Fails only for a handle that is closing. */
    uv_poll_start(watch->poll, UV_READABLE, on_poll);
    *opened = watch;
    return 0;
}

void watch_close(struct watch *watch) {
    uv_close(handle_of(watch), on_close);
}

static int control(struct watch *watch, int operation, int fd, int32_t generation, int interest) {
    struct epoll_event event = {
        .events = (interest & WATCH_READ ? EPOLLIN : 0u) | (interest & WATCH_WRITE ? EPOLLOUT : 0u),
        .data.u64 = (uint64_t)(uint32_t)generation << 32 | (uint32_t)fd,
    };
    return epoll_ctl(watch->epoll, operation, fd, &event) < 0 ? -errno : 0;
}

int watch_add(struct watch *watch, int fd, int32_t generation, int interest) {
    return control(watch, EPOLL_CTL_ADD, fd, generation, interest);
}

int watch_change(struct watch *watch, int fd, int32_t generation, int interest) {
    return control(watch, EPOLL_CTL_MOD, fd, generation, interest);
}

int watch_remove(struct watch *watch, int fd) {
    return control(watch, EPOLL_CTL_DEL, fd, 0, 0);
}

static int32_t to_events(uint32_t events) {
    return (events & EPOLLIN ? WATCH_READ : 0) | (events & EPOLLOUT ? WATCH_WRITE : 0) |
           (events & EPOLLHUP ? WATCH_HANGUP : 0) | (events & EPOLLERR ? WATCH_ERROR : 0);
}

int watch_take(struct watch *watch, struct watch_event *events, int room) {
    struct epoll_event ready[WATCH_BATCH];
    int count = epoll_wait(watch->epoll, ready, room < WATCH_BATCH ? room : WATCH_BATCH, 0);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        events[i] = (struct watch_event){
            .fd = (int32_t)(uint32_t)ready[i].data.u64,
            .generation = (int32_t)(uint32_t)(ready[i].data.u64 >> 32),
            .events = to_events(ready[i].events),
        };
    }
    return count;
}

void watch_reference(struct watch *watch, int keeps_alive) {
    if (keeps_alive)
        uv_ref(handle_of(watch));
    else
        uv_unref(handle_of(watch));
}
