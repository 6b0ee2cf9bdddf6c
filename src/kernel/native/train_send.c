/* Trains of datagrams that go. See trains.h. */
#include "trains.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

/* A message is one datagram, or as many as its parts. */
struct batch {
    struct mmsghdr messages[FRAME_BATCH];
    struct iovec parts[FRAME_BATCH];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control[FRAME_BATCH];
};

static socklen_t address_size(const uint8_t *address) {
    sa_family_t family;
    memcpy(&family, address, sizeof family);
    return family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* How many datagrams from `first` on can go as one train; 1: it goes alone. */
static uint32_t length_of_train(const struct batch *batch, const int32_t *peers, uint32_t first, uint32_t count,
                                uint32_t longest) {
    const size_t size = batch->parts[first].iov_len;
    size_t bytes = size;
    uint32_t next = first + 1;
    if (size > longest) return 1;
    for (; next < count && next - first < TRAIN_SEGMENTS && peers[next] == peers[first]; next++) {
        const size_t more = batch->parts[next].iov_len;
        if (more == 0 || more > size || bytes + more > TRAIN_SENT_BYTES) break;
        bytes += more;
        /* A shorter one is the last */
        if (more < size) return next + 1 - first;
    }
    return next - first;
}

static void say_size(struct msghdr *message, void *control, size_t bytes, uint16_t size) {
    message->msg_control = control;
    message->msg_controllen = bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(header), &size, sizeof size);
}

/* Makes messages of the datagrams. Returns how many. */
static uint32_t make_trains(struct batch *batch, uint32_t count, const int32_t *peers, const uint8_t *addresses,
                            uint32_t longest) {
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; made++) {
        struct msghdr *message = &batch->messages[made].msg_hdr;
        const uint8_t *address = addresses + (size_t)peers[i] * FRAME_ADDRESS;
        const uint32_t length = length_of_train(batch, peers, i, count, longest);
        memset(message, 0, sizeof *message);
        message->msg_name = (void *)(uintptr_t)address;
        message->msg_namelen = address_size(address);
        message->msg_iov = &batch->parts[i];
        message->msg_iovlen = length;
        if (length > 1)
            say_size(message, &batch->control[made], sizeof batch->control[made], (uint16_t)batch->parts[i].iov_len);
        i += length;
    }
    return made;
}

/* The datagrams of one message, each by itself. Returns 0 when there is no room for more. */
static int send_apart(int fd, struct msghdr message, struct frames_sent *sent) {
    size_t left = message.msg_iovlen;
    message.msg_control = NULL;
    message.msg_controllen = 0;
    message.msg_iovlen = 1;
    while (left > 0) {
        if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
            sent->sent++;
        } else if (errno == EINTR) {
            continue;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            sent->full += (int32_t)left;
            return 0;
        } else {
            sent->large += errno == EMSGSIZE;
            sent->failed++;
        }
        message.msg_iov++;
        left--;
    }
    return 1;
}

/* Of which datagrams the kernel takes no trains, by what it says: of those longer than the way can carry, as it does
 * not make fragments of them; or of none, as by an interface that leaves checksums to us. */
static int32_t refused_by(int error, const struct msghdr *train) {
    if (error == EINVAL || error == EMSGSIZE) return (int32_t)train->msg_iov->iov_len;
    return error == EIO || error == EOPNOTSUPP ? 1 : 0;
}

/* A message that was not taken, for another reason than want of room. Returns 0 when there is no room for more. */
static int go_on(int fd, const struct msghdr *message, int error, struct trains_sent *sent) {
    if (message->msg_iovlen == 1) {
        sent->of.large += error == EMSGSIZE;
        sent->of.failed++;
        return 1;
    }
    const int32_t size = refused_by(error, message);
    if (size > 0 && (sent->refused == 0 || size < sent->refused)) sent->refused = size;
    return send_apart(fd, *message, &sent->of);
}

static void send_all(int fd, struct batch *batch, uint32_t count, struct trains_sent *sent) {
    uint32_t done = 0;
    for (int room = 1; room && done < count;) {
        int some = sendmmsg(fd, batch->messages + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (some < 0 && errno == EINTR) continue;
        for (; some > 0; some--) sent->of.sent += (int32_t)batch->messages[done++].msg_hdr.msg_iovlen;
        if (some == 0) continue;
        room = errno != EAGAIN && errno != ENOBUFS;
        if (room) room = go_on(fd, &batch->messages[done++].msg_hdr, errno, sent);
    }
    for (; done < count; done++) sent->of.full += (int32_t)batch->messages[done].msg_hdr.msg_iovlen;
}

int trains_send(const struct frames *frames, int fd, const int32_t *slots, uint32_t count, uint32_t prefix,
                const int32_t *peers, const uint8_t *addresses, size_t address_count, uint32_t longest,
                struct trains_sent *sent) {
    struct batch batch;
    memset(sent, 0, sizeof *sent);
    if (count > FRAME_BATCH) return -EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = (uint32_t)slots[i];
        int32_t length = slot < frames->slots ? frames->length[slot] : -1;
        uint8_t *memory = length < 0 ? NULL : frames_place(frames, slot, prefix, (size_t)length);
        if (!memory || (size_t)(uint32_t)peers[i] >= address_count) return -EINVAL;
        batch.parts[i] = (struct iovec){memory, prefix + (size_t)length};
    }
    send_all(fd, &batch, make_trains(&batch, count, peers, addresses, longest), sent);
    return 0;
}
