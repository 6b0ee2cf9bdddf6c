/* What is kept for the broker, in case it and the switch are killed together. See keeper.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper.h"

struct kept {
    size_t length;
    size_t fd_count;
    int fds[MAX_FDS];
    char bytes[];
};

static struct kept *ports[MAX_PORTS];
static unsigned count;

void drop(unsigned port) {
    if (!ports[port]) return;
    close_all(ports[port]->fds, ports[port]->fd_count);
    free(ports[port]);
    ports[port] = NULL;
    count--;
}

bool keep(unsigned port, const char *bytes, size_t length, const int *fds, size_t fd_count) {
    drop(port);
    struct kept *kept = malloc(sizeof *kept + length);
    if (!kept) return false;
    kept->length = length;
    kept->fd_count = fd_count;
    memcpy(kept->fds, fds, fd_count * sizeof(int));
    memcpy(kept->bytes, bytes, length);
    ports[port] = kept;
    count++;
    return true;
}

bool list(int socket) {
    unsigned left = count;
    for (unsigned port = 0; left > 0; port++) {
        const struct kept *kept = ports[port];
        if (!kept) continue;
        left--;
        if (!send_message(socket, "kept\n", kept->bytes, kept->length, kept->fds, kept->fd_count)) return false;
    }
    return send_message(socket, "listed\n", "", 0, NULL, 0);
}

bool is_keeping(void) {
    return count > 0;
}
