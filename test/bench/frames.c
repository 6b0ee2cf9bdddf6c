/*
 * Sends the same frames through whatever two descriptors have between them, as fast as they go, and counts at the other
 * end. No broker and no guest is on the way any more: it is what the kernel does.
 *
 * usage: bench-frames tap|datagram|stream|pair SIZE BATCH MILLISECONDS FROM TO
 *
 * Descriptor 3 is the generator's and 4 the sink's, which may listen; pair makes two of its own, of SEQPACKET. FROM and
 * TO are their MAC addresses. SIZE bytes a frame, with its Ethernet header and without what a tap or a stream puts in
 * front. BATCH frames a call: 1 is plain read and write, more is sendmmsg and recvmmsg, or as much of a stream as there
 * is. A process for each end.
 *
 * Prints the frames sent, those received meanwhile, the nanoseconds, and the context switches of both processes.
 */
#include "common.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GENERATOR = 3, SINK = 4, MAX_BATCH = 64, MAX_FRAME = 2048, MOST_FRAMES = 20000000, CLOCK_EVERY = 64 };
enum { TYPE_AT = 12, LENGTH_BYTES = 4 };
/* For experiments within one site (IEEE 802): nobody else's frames are counted. */
static const uint8_t our_type[2] = {0x88, 0xb5};

static struct {
    volatile int64_t received;
    volatile int ready;
} * shared;
static uint8_t frames[MAX_BATCH][MAX_FRAME], stream[MAX_BATCH * MAX_FRAME];
static struct iovec parts[MAX_BATCH];
static struct mmsghdr messages[MAX_BATCH];
/* Bytes of a frame, of what stands in front of it, and frames of a call. */
static size_t size, ahead, batch;

static void read_address(const char *text, uint8_t *address) {
    unsigned bytes[6];
    if (sscanf(text, "%x:%x:%x:%x:%x:%x", bytes, bytes + 1, bytes + 2, bytes + 3, bytes + 4, bytes + 5) != 6) exit(2);
    for (int i = 0; i < 6; i++) address[i] = (uint8_t)bytes[i];
}

/* Bytes of the virtio-net header that a tap or a macvtap has before each frame. */
static size_t header_of(int tap) {
    struct ifreq request = {0};
    int bytes = 0;
    if (ioctl(tap, TUNGETIFF, &request) < 0) die("TUNGETIFF");
    if ((request.ifr_flags & IFF_VNET_HDR) == 0) return 0;
    if (ioctl(tap, TUNGETVNETHDRSZ, &bytes) < 0) die("TUNGETVNETHDRSZ");
    return (size_t)bytes;
}

static void set_waiting(int fd, int waits) {
    const int flags = fcntl(fd, F_GETFL) & ~O_NONBLOCK;
    if (fcntl(fd, F_SETFL, waits ? flags : flags | O_NONBLOCK) < 0) die("fcntl");
}

/* As QEMU does: a write that waits inside a macvtap is never woken. */
static void wait_for_room(void) {
    if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) die("send");
    struct pollfd waited = {.fd = GENERATOR, .events = POLLOUT};
    poll(&waited, 1, 100);
}

static void make_pair(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0) die("socketpair");
    /* Whatever the two numbers are, neither end is lost on the way. */
    const int sink = fcntl(ends[1], F_DUPFD, SINK + 1);
    if (sink < 0 || dup2(ends[0], GENERATOR) < 0 || dup2(sink, SINK) < 0) die("dup2");
}

static void make_frame(uint8_t *place, const char *from, const char *to, int is_stream) {
    const uint32_t length = htonl((uint32_t)size);
    if (is_stream) memcpy(place, &length, LENGTH_BYTES);
    read_address(to, place + ahead);
    read_address(from, place + ahead + 6);
    memcpy(place + ahead + TYPE_AT, our_type, sizeof our_type);
}

static int is_ours(const uint8_t *bytes, size_t length) {
    return length == ahead + size && memcmp(bytes + ahead + TYPE_AT, our_type, sizeof our_type) == 0;
}

/* @returns how many frames went; those that are lost on the way count too. */
static size_t send_some(int is_stream) {
    if (batch > 1 && !is_stream) {
        const int sent = sendmmsg(GENERATOR, messages, (unsigned)batch, 0);
        if (sent > 0) return (size_t)sent;
        wait_for_room();
        return 0;
    }
    const uint8_t *bytes = is_stream ? stream : frames[0];
    for (size_t left = (ahead + size) * batch; left > 0;) {
        const ssize_t written = write(GENERATOR, bytes, left);
        if (written < 0) {
            wait_for_room();
            continue;
        }
        bytes += written;
        left -= (size_t)written;
    }
    return batch;
}

static void take_datagrams(int fd) {
    for (;;) {
        if (batch == 1) {
            const ssize_t length = read(fd, frames[0], MAX_FRAME);
            if (length <= 0) die("read");
            shared->received += is_ours(frames[0], (size_t)length);
            continue;
        }
        const int got = recvmmsg(fd, messages, (unsigned)batch, MSG_WAITFORONE, NULL);
        if (got <= 0) die("recvmmsg");
        for (int i = 0; i < got; i++) shared->received += is_ours(frames[i], messages[i].msg_len);
    }
}

/* A read for the length and one for the frame, or, in batches, whatever has come. */
static void take_stream(int fd) {
    const size_t each = ahead + size;
    for (size_t held = 0;;) {
        const size_t room = batch > 1 ? sizeof stream - held : held < ahead ? ahead - held : each - held;
        const ssize_t length = read(fd, stream + held, room);
        if (length <= 0) die("read");
        held += (size_t)length;
        size_t taken = 0;
        for (; held - taken >= each; taken += each) shared->received += is_ours(stream + taken, each);
        memmove(stream, stream + taken, held - taken);
        held -= taken;
    }
}

static void run_sink(int is_stream, int is_tap, const char *from, const char *to) {
    int fd = SINK, listens = 0;
    socklen_t length = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens) fd = accept(fd, NULL, NULL);
    if (fd < 0) die("accept");
    set_waiting(fd, 1);
    if (is_tap) { /* A bridge is to know where it is, and not to send to every port. */
        make_frame(frames[0], to, from, 0);
        if (write(fd, frames[0], ahead + size) < 0) die("write");
    }
    for (size_t i = 0; i < batch; i++) parts[i].iov_len = MAX_FRAME;
    shared->ready = 1;
    if (is_stream) take_stream(fd);
    take_datagrams(fd);
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    const int is_tap = strcmp(argv[1], "tap") == 0, is_stream = strcmp(argv[1], "stream") == 0;
    size = (size_t)atoi(argv[2]);
    batch = (size_t)atoi(argv[3]);
    const int64_t duration = atoll(argv[4]) * 1000000;
    if (strcmp(argv[1], "pair") == 0) make_pair();
    ahead = is_tap ? header_of(GENERATOR) : is_stream ? LENGTH_BYTES : 0;
    if (size < 60 || size + ahead > MAX_FRAME || batch < 1 || batch > MAX_BATCH || (is_tap && batch > 1)) return 2;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < batch; i++) {
        make_frame(frames[i], argv[5], argv[6], is_stream);
        memcpy(stream + i * (ahead + size), frames[i], ahead + size);
        parts[i] = (struct iovec){.iov_base = frames[i], .iov_len = ahead + size};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    set_waiting(GENERATOR, 0);

    const pid_t sink = fork();
    if (sink < 0) die("fork");
    if (sink == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_sink(is_stream, is_tap, argv[5], argv[6]);
    }
    while (!shared->ready && waitpid(sink, NULL, WNOHANG) == 0) usleep(1000);
    if (!shared->ready) return 1;
    struct rusage own, others, before;
    getrusage(RUSAGE_SELF, &before);
    const int64_t began = now(CLOCK_MONOTONIC), already = shared->received;
    int64_t sent = 0, ended = began;
    for (int64_t calls = 1; ended - began < duration && sent < MOST_FRAMES; calls++) {
        sent += (int64_t)send_some(is_stream);
        if (calls % CLOCK_EVERY == 0) ended = now(CLOCK_MONOTONIC);
    }
    const int64_t received = shared->received - already;
    getrusage(RUSAGE_SELF, &own);
    kill(sink, SIGKILL);
    if (wait4(sink, NULL, 0, &others) < 0) die("wait4");
    const long switches = own.ru_nvcsw + own.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw;
    printf("%lld %lld %lld %ld\n", (long long)sent, (long long)received, (long long)(ended - began),
           switches + others.ru_nvcsw + others.ru_nivcsw);
    return 0;
}
