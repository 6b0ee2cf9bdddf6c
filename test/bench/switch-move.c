/*
 * The limit of what a switch in one thread can do: moves frames between unix sockets and looks at none of them.
 *
 * usage: bench-switch-move PORTS
 *
 * Descriptors from 3 on are its ends of the ports. What comes by port 2i goes to port 2i+1, and the other way round, up
 * to 64 frames with one recvmmsg and one sendmmsg. What a port does not take now is lost.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { FIRST_FD = 3, BATCH = 64, MAX_FRAME = 2048 };

static uint8_t memory[BATCH][MAX_FRAME];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

static void move(int port) {
    for (int i = 0; i < BATCH; i++) parts[i].iov_len = MAX_FRAME;
    const int got = recvmmsg(FIRST_FD + port, messages, BATCH, MSG_DONTWAIT, NULL);
    if (got <= 0) return;
    for (int i = 0; i < got; i++) parts[i].iov_len = messages[i].msg_len;
    sendmmsg(FIRST_FD + (port ^ 1), messages, (unsigned)got, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    const int ports = atoi(argv[1]), poller = epoll_create1(0);
    struct epoll_event events[BATCH];
    for (int port = 0; port < ports; port++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = port};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, FIRST_FD + port, &event) < 0) {
            perror("bench-switch-move: epoll_ctl");
            return 1;
        }
    }
    for (int i = 0; i < BATCH; i++) {
        parts[i].iov_base = memory[i];
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        const int ready = epoll_wait(poller, events, BATCH, -1);
        for (int i = 0; i < ready; i++) move(events[i].data.fd);
    }
}
