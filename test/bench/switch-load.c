/*
 * The generator and the sink on both sides of a switch, whichever it is: unix sockets that take a frame a message.
 *
 * usage: bench-switch-load rate|pace|latency SIZE PORTS FLOWS ADDRESSES FIRST AMOUNT PID [VDE]
 *
 * Descriptors from 3 on are the guests' ends of PORTS ports, or they are plugged into the vde_switch that has its
 * sockets in the folder VDE. FIRST numbers the first of them. Flow i goes from port 2i to port 2i+1. Behind each port
 * are ADDRESSES addresses, which the switch is told of before anything is measured; the frames of a flow, SIZE bytes
 * each, are to and from all of them in turn.
 *
 * rate: as many as go in AMOUNT milliseconds, 64 a call, with at most 256 of a flow on the way, so that none is lost
 * because the sink came too late. Prints the frames that arrived, nanoseconds, and the nanoseconds of processor
 * time of the process PID, which is the switch.
 * pace: 100,000 a second for so long, 32 at once; prints the same.
 * latency: AMOUNT frames, one at a time. Prints the nanoseconds of each from before it is sent until it is there.
 */
#include "common.h"

#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3, MAX_PORTS = 4096, BATCH = 64, WINDOW = 256, MAX_FRAME = 2048, MAC = 6, TYPE_AT = 12 };
enum { PACE_BATCH = 32, PACE_NANOSECONDS = 320000, PAUSE_NANOSECONDS = 500000, LOST = 1000000000 };
/* For experiments within one site (IEEE 802): frames that count, and those that introduce an address. */
static const uint8_t counted[2] = {0x88, 0xb5}, introduction[2] = {0x88, 0xb6};

/* What the sink has counted, of each flow and in all; it wakes the generator when that is as much as it waits for. */
static struct { _Atomic int64_t flow[MAX_PORTS / 2], all, awaited; } * received;
static int64_t sent[MAX_PORTS / 2], all_sent;
static int waker;
static int fds[MAX_PORTS], ports, flows, addresses, first;
static size_t size;
/* Of each flow its frames, one for each address. */
static uint8_t *frames;
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

static void pause_for(long nanoseconds) {
    nanosleep(&(struct timespec){.tv_sec = 0, .tv_nsec = nanoseconds}, NULL);
}

/* As libvdeplug 2 does: a request with the address of our socket, answered by that of the switch's. */
static int plug_into_vde(const char *folder, int port) {
    struct {
        uint32_t magic, version, type;
        struct sockaddr_un address;
        char description[128];
    } __attribute__((packed)) request = {.magic = 0xfeedface, .version = 3, .address = {.sun_family = AF_UNIX}};
    struct sockaddr_un control = {.sun_family = AF_UNIX}, theirs, ours = {.sun_family = AF_UNIX};
    const int connection = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    snprintf(control.sun_path, sizeof control.sun_path, "%s/ctl", folder);
    snprintf(ours.sun_path, sizeof ours.sun_path, "%s/load-%d-%d", folder, getpid(), port);
    request.address = ours;
    if (connection < 0 || fd < 0) die("socket");
    if (connect(connection, (struct sockaddr *)&control, sizeof control) < 0) die(control.sun_path);
    if (bind(fd, (struct sockaddr *)&ours, sizeof ours) < 0) die("bind");
    if (send(connection, &request, sizeof request, 0) < 0) die("the request to vde_switch");
    if (recv(connection, &theirs, sizeof theirs, 0) <= 0) die("no answer of vde_switch");
    if (connect(fd, (struct sockaddr *)&theirs, sizeof theirs) < 0) die("connect");
    unlink(ours.sun_path);
    return fd;
}

static void write_address(uint8_t *place, int port, int address) {
    const int number = first + port;
    const uint8_t bytes[MAC] = {0x02,
                                (uint8_t)(number >> 8),
                                (uint8_t)number,
                                (uint8_t)(address >> 16),
                                (uint8_t)(address >> 8),
                                (uint8_t)address};
    memcpy(place, bytes, MAC);
}

static uint8_t *frame_of(int flow, int address) {
    return frames + ((size_t)flow * (size_t)addresses + (size_t)address) * size;
}

static void make_frames(void) {
    frames = calloc((size_t)flows * (size_t)addresses, size);
    if (!frames) die("calloc");
    for (int flow = 0; flow < flows; flow++) {
        for (int address = 0; address < addresses; address++) {
            uint8_t *frame = frame_of(flow, address);
            write_address(frame, 2 * flow + 1, address);
            write_address(frame + MAC, 2 * flow, address);
            memcpy(frame + TYPE_AT, counted, sizeof counted);
        }
    }
    for (int i = 0; i < BATCH; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
}

/* Each address sends to itself, which goes no further than the switch; then waits until it has taken them all. */
static void introduce(void) {
    uint8_t frame[60] = {0};
    memcpy(frame + TYPE_AT, introduction, sizeof introduction);
    for (int port = 0; port < ports; port++) {
        for (int address = 0; address < addresses; address++) {
            write_address(frame, port, address);
            write_address(frame + MAC, port, address);
            for (struct pollfd room = {fds[port], POLLOUT, 0}; send(fds[port], frame, sizeof frame, 0) < 0;)
                if (errno != EAGAIN || poll(&room, 1, -1) < 0) die("send");
        }
    }
    for (int port = 0; port < ports; port++) {
        for (int waiting = 1; waiting > 0; pause_for(waiting > 0 ? 1000000 : 0))
            if (ioctl(fds[port], SIOCOUTQ, &waiting) < 0) die("SIOCOUTQ");
    }
    pause_for(20000000);
}

/* @returns whether the switch's port took any. */
static int send_some(int flow, int batch) {
    static int next[MAX_PORTS / 2];
    if (sent[flow] - received->flow[flow] > WINDOW - batch) return 0;
    for (int i = 0; i < batch; i++)
        parts[i] = (struct iovec){.iov_base = frame_of(flow, (next[flow] + i) % addresses), .iov_len = size};
    const int some = sendmmsg(fds[2 * flow], messages, (unsigned)batch, MSG_DONTWAIT);
    if (some < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR) die("sendmmsg");
    if (some <= 0) return 0;
    next[flow] = (next[flow] + some) % addresses;
    sent[flow] += some;
    all_sent += some;
    return 1;
}

/* Until half of what is on the way has arrived. What has not after a while never will. */
static void wait_for_sink(void) {
    struct pollfd waited = {.fd = waker, .events = POLLIN};
    const int64_t before = received->all;
    eventfd_t value;
    received->awaited = before + (all_sent - before + 1) / 2;
    if (received->all < received->awaited && poll(&waited, 1, 10) == 0 && received->all == before) {
        for (int flow = 0; flow < flows; flow++) sent[flow] = received->flow[flow];
        all_sent = before;
    }
    received->awaited = INT64_MAX;
    eventfd_read(waker, &value);
}

static void run_sink(void) {
    static uint8_t memory[BATCH][MAX_FRAME];
    struct epoll_event events[BATCH];
    const int poller = epoll_create1(0);
    for (int flow = 0; flow < flows; flow++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = flow};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fds[2 * flow + 1], &event) < 0) die("epoll_ctl");
    }
    for (int i = 0; i < BATCH; i++) parts[i] = (struct iovec){.iov_base = memory[i], .iov_len = MAX_FRAME};
    for (int ready;;) {
        if ((ready = epoll_wait(poller, events, BATCH, -1)) < 0) die("epoll_wait");
        for (int k = 0; k < ready; k++) {
            const int flow = events[k].data.fd;
            const int got = recvmmsg(fds[2 * flow + 1], messages, BATCH, MSG_DONTWAIT, NULL);
            int64_t ours = 0;
            for (int i = 0; i < got; i++)
                ours += messages[i].msg_len == size && memcmp(memory[i] + TYPE_AT, counted, sizeof counted) == 0;
            received->flow[flow] += ours;
            received->all += ours;
        }
        if (received->all >= received->awaited) eventfd_write(waker, 1);
    }
}

static void measure_rate(int64_t duration, int paced, clockid_t switch_clock) {
    received = mmap(NULL, sizeof *received, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (received == MAP_FAILED || (waker = eventfd(0, EFD_NONBLOCK)) < 0) die("shared memory");
    received->awaited = INT64_MAX;
    const pid_t sink = fork();
    if (sink < 0) die("fork");
    if (sink == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_sink();
    }
    introduce();
    const int64_t began = now(CLOCK_MONOTONIC), used = now(switch_clock), already = received->all;
    int64_t ended = began;
    for (int64_t bursts = 1; ended - began < duration; ended = now(CLOCK_MONOTONIC), bursts++) {
        int some = 0;
        for (int flow = 0; flow < flows; flow++) some |= send_some(flow, paced ? PACE_BATCH : BATCH);
        if (paced && bursts * PACE_NANOSECONDS > ended - began)
            pause_for(bursts * PACE_NANOSECONDS - (ended - began));
        else if (!some)
            wait_for_sink();
    }
    const int64_t arrived = received->all - already, taken = now(switch_clock) - used;
    kill(sink, SIGKILL);
    printf("%lld %lld %lld\n", (long long)arrived, (long long)(ended - began), (long long)taken);
}

/* Whether the frame that was sent came, and not another that the switch sends to all. */
static int is_there(void) {
    uint8_t frame[MAX_FRAME];
    struct pollfd waited = {.fd = fds[1], .events = POLLIN};
    while (poll(&waited, 1, LOST / 1000000) == 1)
        if (recv(fds[1], frame, size, 0) == (ssize_t)size && memcmp(frame, frames, size) == 0) return 1;
    return 0;
}

static void measure_latency(int count) {
    introduce();
    for (int i = 0; i < count; i++) {
        memcpy(frames + TYPE_AT + sizeof counted, &i, sizeof i);
        const int64_t began = now(CLOCK_MONOTONIC);
        if (send(fds[0], frames, size, 0) < 0) die("send");
        printf("%lld\n", is_there() ? (long long)(now(CLOCK_MONOTONIC) - began) : LOST);
        pause_for(PAUSE_NANOSECONDS / 2 + rand() % PAUSE_NANOSECONDS);
    }
}

int main(int argc, char **argv) {
    if (argc != 9 && argc != 10) return 2;
    size = (size_t)atoi(argv[2]);
    ports = atoi(argv[3]);
    flows = atoi(argv[4]);
    addresses = atoi(argv[5]);
    first = atoi(argv[6]);
    const int amount = atoi(argv[7]), paced = strcmp(argv[1], "pace") == 0;
    clockid_t switch_clock;
    if (size < 60 || size > MAX_FRAME || ports > MAX_PORTS || flows < 1 || 2 * flows > ports || addresses < 1) return 2;
    if ((errno = clock_getcpuclockid(atoi(argv[8]), &switch_clock)) != 0) die("the switch's process");
    prctl(PR_SET_TIMERSLACK, 1000);
    for (int port = 0; port < ports; port++) fds[port] = argc == 10 ? plug_into_vde(argv[9], port) : FIRST_FD + port;
    make_frames();
    if (strcmp(argv[1], "latency") == 0)
        measure_latency(amount);
    else
        measure_rate((int64_t)amount * 1000000, paced, switch_clock);
    return 0;
}
