/* fdbroker-keeper: makes taps in a network namespace of its own, in which they reach nothing but a packet socket, and
 * keeps copies of descriptors for the broker, which starts it. It is handed a listening SOCK_SEQPACKET socket as
 * descriptor 3 (LISTEN_FDS=1), and obeys whoever may connect there: the mode of its file is the door. One broker at a
 * time. Killed, it takes nothing with it: taps live by the descriptors of their users.
 *
 * A message is a line of words, and bytes after it. Orders, with what is answered:
 *   tap MTU yes|no   whether frames have the virtio-net header; "tap" with the tap and the packet socket, or
 *                    "failed ERRNO CALL"
 *   keep PORT guest|uplink
 *                    bytes and descriptors for that port, 0 to 65535, in place of what was kept before; nothing
 *   drop PORT        nothing
 *   list             "kept" for each port, with its bytes and descriptors; then "listed" */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "keeper.h"

enum { LISTENER = 3, LOOK_AGAIN = 10000 /* milliseconds */ };

static bool answer_tap(int broker, unsigned mtu, bool vnet_header) {
    int fds[2];
    const char *call;
    int bad = enter_namespace(&call);
    if (bad == 0) bad = make_tap(mtu, vnet_header, fds, &call);
    if (bad < 0) {
        char line[100];
        snprintf(line, sizeof line, "failed %d %s\n", -bad, call);
        return send_message(broker, line, "", 0, NULL, 0);
    }
    const bool sent = send_message(broker, "tap\n", "", 0, fds, 2);
    close_all(fds, 2);
    return sent;
}

/* Returns whether the broker is to be heard again: not when it makes no sense, or cannot be answered. */
static bool carry_out(int broker, struct message *order) {
    char word[8] = "";
    unsigned number = 0;
    int used = -1;
    const char *const rest = memchr(order->bytes, '\n', order->length);
    const bool with_fds = strncmp(order->bytes, "keep ", 5) == 0;
    if (rest && with_fds && sscanf(order->bytes, "keep %5u %7s%n", &number, word, &used) == 2 &&
        order->bytes + used == rest && number < MAX_PORTS) {
        const size_t length = order->length - (size_t)(rest + 1 - order->bytes);
        if (keep(number, strcmp(word, "guest") == 0, rest + 1, length, order->fds, order->fd_count)) return true;
    }
    close_all(order->fds, order->fd_count);
    if (!rest || with_fds) return false;
    if (strcmp(order->bytes, "list\n") == 0) return list(broker);
    if (sscanf(order->bytes, "drop %5u%n", &number, &used) == 1 && order->bytes + used == rest && number < MAX_PORTS) {
        drop(number);
        return true;
    }
    if (sscanf(order->bytes, "tap %5u %3s%n", &number, word, &used) == 2 && order->bytes + used == rest)
        return answer_tap(broker, number, strcmp(word, "yes") == 0);
    return false;
}

/* Returns 1 when an order was carried out, 0 when there is none now, -1 when there will be none. */
static int obey(int broker) {
    static struct message order;
    const int received = receive_message(broker, &order);
    return received <= 0 ? received : carry_out(broker, &order) ? 1 : -1;
}

/* A broker that does not read its answers must not keep the next one waiting. */
static int accept_broker(void) {
    const struct timeval patience = {.tv_sec = 2};
    const int broker = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
    if (broker >= 0) setsockopt(broker, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return broker;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        const bool version = strcmp(argv[1], "--version") == 0;
        printf(version ? "fdbroker-keeper " FDBROKER_VERSION "\n"
                       : "Usage: fdbroker-keeper [--version]\nfdbrokerd starts it; see fdbrokerd(8).\n");
        return version || strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    const char *const handed = getenv("LISTEN_FDS");
    const int bad = handed && strcmp(handed, "1") == 0 ? confine() : -EINVAL;
    if (bad < 0) {
        fprintf(stderr, "fdbroker-keeper: %s: %s\n",
                bad == -EINVAL ? "no socket was handed over" : "cannot give up privileges", strerror(-bad));
        return 1;
    }
    syscall(SYS_close_range, LISTENER + 1, ~0U, 0);
    struct pollfd ends[] = {{.fd = LISTENER, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    int *const broker = &ends[1].fd;
    for (;;) {
        if (poll(ends, 2, *broker < 0 ? LOOK_AGAIN : -1) < 0 && errno != EINTR) return 1;
        int obeyed = 0;
        if (ends[1].revents) obeyed = obey(*broker);
        if (ends[0].revents && *broker >= 0) /* what the one before has ordered counts */
            while (obeyed >= 0 && (obeyed = obey(*broker)) > 0) {
            }
        if (obeyed < 0 || (ends[0].revents && *broker >= 0)) {
            close(*broker);
            *broker = -1;
        }
        if (ends[0].revents) *broker = accept_broker();
        if (*broker >= 0) continue;
        drop_ended();
        if (!has_guests()) return 0; /* nobody would ever miss it */
    }
}
