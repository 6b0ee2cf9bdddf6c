/* What is kept for the broker, in case it and the switch are killed together. See keeper.h. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "keeper.h"

struct kept {
    bool guest;
    size_t length;
    size_t fd_count;
    int fds[MAX_FDS];
    char bytes[];
};

static struct kept *ports[MAX_PORTS];
static unsigned count, guests;

static void forget(unsigned port) {
    count--;
    guests -= ports[port]->guest;
    close_all(ports[port]->fds, ports[port]->fd_count);
    free(ports[port]);
    ports[port] = NULL;
}

void drop(unsigned port) {
    const struct kept *const kept = ports[port];
    if (kept && kept->guest && kept->fd_count > 0) end_tap(kept->fds[0]);
    if (kept) forget(port);
}

bool keep(unsigned port, bool guest, const char *bytes, size_t length, const int *fds, size_t fd_count) {
    /* Told anew it is the same tap; of another guest it is not, and nobody has said that the one before is over */
    if (ports[port] && ports[port]->fd_count > 0 && fd_count > 0 && tap_of(ports[port]->fds[0]) == tap_of(fds[0]))
        forget(port);
    else
        drop(port);
    struct kept *kept = malloc(sizeof *kept + length);
    if (!kept) return false;
    kept->guest = guest;
    kept->length = length;
    kept->fd_count = fd_count;
    memcpy(kept->fds, fds, fd_count * sizeof(int));
    memcpy(kept->bytes, bytes, length);
    ports[port] = kept;
    count++;
    guests += guest;
    return true;
}

/* A unix socket's other end has closed, or a packet socket's interface is no more: of that the error tells once only,
 * and maybe it has told the switch. */
static bool is_over(const struct kept *kept) {
    struct pollfd end = {.fd = kept->fd_count > 0 ? kept->fds[0] : -1};
    if (!kept->guest) return false;
    return (poll(&end, 1, 0) == 1 && end.revents & (POLLHUP | POLLERR | POLLNVAL)) || tap_of(end.fd) < 0;
}

void drop_ended(void) {
    unsigned left = count;
    for (unsigned port = 0; left > 0; port++) {
        if (!ports[port]) continue;
        left--;
        if (is_over(ports[port])) drop(port);
    }
}

bool list(int socket) {
    drop_ended();
    unsigned left = count;
    for (unsigned port = 0; left > 0; port++) {
        const struct kept *kept = ports[port];
        if (!kept) continue;
        left--;
        if (!send_message(socket, "kept\n", kept->bytes, kept->length, kept->fds, kept->fd_count)) return false;
    }
    return send_message(socket, "listed\n", "", 0, NULL, 0);
}

bool has_guests(void) {
    return guests > 0;
}
