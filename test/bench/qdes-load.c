/*
 * The generator and the sink at guests of two hosts, whatever joins these: sockets that take a frame a message.
 *
 * usage: bench-qdes-load SIZE MILLISECONDS PID...
 *
 * Descriptor 3 is the generator's, 4 the sink's. Each says where it is, to all, until the other has heard of it. Then
 * frames of SIZE bytes go as fast as they can, 64 a call, with at most 256 on the way, so that none is lost because the
 * sink came too late.
 *
 * Prints the frames that arrived, nanoseconds, the nanoseconds of processor time of the processes PID, and those of
 * the generator and the sink, in whose calls the kernel does what it does for them.
 */
#include "common.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GENERATOR = 3, SINK = 4, BATCH = 64, WINDOW = 256, MAX_FRAME = 2048, MAC = 6, TYPE_AT = 12, MOST_PIDS = 8 };
enum { PATIENCE = 10, TRIES = 1000 };
/* For experiments within one site (IEEE 802): frames that count, and those that introduce an address. */
static const uint8_t counted[2] = {0x88, 0xb5}, introduction[2] = {0x88, 0xb6};
static const uint8_t addresses[2][MAC] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
static const uint8_t everybody[MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct { _Atomic int64_t all, awaited; } * received;
static int waker;
static size_t size;
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

static void write_frame(uint8_t *frame, const uint8_t *to, const uint8_t *from, const uint8_t *type) {
    memcpy(frame, to, MAC);
    memcpy(frame + MAC, from, MAC);
    memcpy(frame + TYPE_AT, type, sizeof counted);
}

/* Until it gets there: whoever is between them may have to learn of each other first. */
static void introduce(int from, int to, const uint8_t *receiver, const uint8_t *sender) {
    uint8_t frame[MAX_FRAME] = {0}, got[MAX_FRAME];
    for (int i = 0; i < TRIES; i++) {
        struct pollfd waited = {.fd = to, .events = POLLIN};
        write_frame(frame, receiver, sender, introduction);
        if (send(from, frame, size, 0) < 0 && errno != EAGAIN && errno != ENOBUFS) die("send");
        while (poll(&waited, 1, PATIENCE) == 1)
            if (recv(to, got, sizeof got, MSG_DONTWAIT) == (ssize_t)size && memcmp(frame, got, size) == 0) return;
    }
    errno = ETIMEDOUT;
    die("no frame arrives");
}

static void run_sink(void) {
    static uint8_t memory[BATCH][MAX_FRAME];
    struct pollfd waited = {.fd = SINK, .events = POLLIN};
    for (int i = 0; i < BATCH; i++) parts[i] = (struct iovec){.iov_base = memory[i], .iov_len = MAX_FRAME};
    for (;;) {
        if (poll(&waited, 1, -1) < 0) die("poll");
        const int got = recvmmsg(SINK, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++)
            received->all += messages[i].msg_len == size && memcmp(memory[i] + TYPE_AT, counted, sizeof counted) == 0;
        if (received->all >= received->awaited) eventfd_write(waker, 1);
    }
}

/* Until half of what is on the way has arrived. Returns what is still: what has not come after a while never will. */
static int64_t wait_for_sink(int64_t sent) {
    struct pollfd waited = {.fd = waker, .events = POLLIN};
    const int64_t before = received->all;
    eventfd_t value;
    received->awaited = before + (sent - before + 1) / 2;
    const int late = received->all < received->awaited && poll(&waited, 1, PATIENCE) == 0 && received->all == before;
    received->awaited = INT64_MAX;
    eventfd_read(waker, &value);
    return late ? before : sent;
}

static int64_t used(const clockid_t *clocks, int count) {
    int64_t sum = 0;
    for (int i = 0; i < count; i++) sum += now(clocks[i]);
    return sum;
}

static clockid_t clock_of(pid_t pid) {
    clockid_t clock;
    if ((errno = clock_getcpuclockid(pid, &clock)) != 0) die("the clock of a process");
    return clock;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 3 + MOST_PIDS) return 2;
    size = (size_t)atoi(argv[1]);
    const int64_t duration = (int64_t)atoi(argv[2]) * 1000000;
    clockid_t others[MOST_PIDS], ours[2] = {CLOCK_PROCESS_CPUTIME_ID};
    if (size < 60 || size > MAX_FRAME) return 2;
    for (int i = 3; i < argc; i++) others[i - 3] = clock_of(atoi(argv[i]));
    prctl(PR_SET_TIMERSLACK, 1000);
    received = mmap(NULL, sizeof *received, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (received == MAP_FAILED || (waker = eventfd(0, EFD_NONBLOCK)) < 0) die("shared memory");
    received->awaited = INT64_MAX;
    introduce(SINK, GENERATOR, everybody, addresses[1]);
    introduce(GENERATOR, SINK, addresses[1], addresses[0]);

    static uint8_t frame[MAX_FRAME];
    write_frame(frame, addresses[1], addresses[0], counted);
    for (int i = 0; i < BATCH; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    const pid_t sink = fork();
    if (sink < 0) die("fork");
    if (sink == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_sink();
    }
    ours[1] = clock_of(sink);
    for (int i = 0; i < BATCH; i++) parts[i] = (struct iovec){.iov_base = frame, .iov_len = size};
    const int64_t began = now(CLOCK_MONOTONIC), of_others = used(others, argc - 3), of_ours = used(ours, 2);
    int64_t ended = began, sent = 0;
    for (; ended - began < duration; ended = now(CLOCK_MONOTONIC)) {
        const int some = sent - received->all > WINDOW - BATCH ? 0 : sendmmsg(GENERATOR, messages, BATCH, MSG_DONTWAIT);
        if (some < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR) die("sendmmsg");
        if (some > 0)
            sent += some;
        else
            sent = wait_for_sink(sent);
    }
    const int64_t arrived = received->all, by_others = used(others, argc - 3) - of_others;
    printf("%lld %lld %lld %lld\n", (long long)arrived, (long long)(ended - began), (long long)by_others,
           (long long)(used(ours, 2) - of_ours));
    kill(sink, SIGKILL);
    return 0;
}
