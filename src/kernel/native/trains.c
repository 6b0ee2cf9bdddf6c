/* Trains of datagrams that come. See trains.h; train_send.c has those that go. */
#include "trains.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

/* Messages at once where trains are expected: each is as many frames as a switch likes to have at once. */
enum { FEW = 2 };

struct batch {
    struct mmsghdr messages[FRAME_BATCH];
    struct iovec parts[FRAME_BATCH][2];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control[FRAME_BATCH];
};

int trains_accept(int fd) {
    const int on = 1;
    return setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0 ? -errno : 0;
}

/* Bytes of each datagram of a train; 0: the message is one datagram. */
static uint32_t read_size(struct msghdr *message, uint32_t length) {
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
        int size;
        if (control->cmsg_level != IPPROTO_UDP || control->cmsg_type != UDP_GRO) continue;
        if (control->cmsg_len < CMSG_LEN(sizeof size)) return 0;
        memcpy(&size, CMSG_DATA(control), sizeof size);
        return size > 0 && (uint32_t)size < length ? (uint32_t)size : 0;
    }
    return 0;
}

/* Where a message is to be put: its first bytes in a slot of its own, so that what is no train is where it belongs; the
 * rest, or where trains are expected all of it, in memory of its own. */
static void prepare(struct trains *trains, struct batch *batch, uint32_t i, uint8_t *slot, size_t room) {
    struct msghdr *message = &batch->messages[i].msg_hdr;
    memset(message, 0, sizeof *message);
    if (room > TRAIN_BYTES) room = TRAIN_BYTES;
    batch->parts[i][0] = (struct iovec){slot, room};
    batch->parts[i][1] = (struct iovec){trains->memory[i] + room, TRAIN_BYTES - room};
    message->msg_iov = batch->parts[i];
    message->msg_iovlen = room < TRAIN_BYTES ? 2 : 1;
    message->msg_name = trains->address[i];
    message->msg_namelen = FRAME_ADDRESS;
    message->msg_control = &batch->control[i];
    message->msg_controllen = sizeof batch->control[i];
}

/* Notes of a datagram how long its frame is, and where it came from. `have`: bytes of it that the slot has at most. */
static void note(struct frames *frames, uint32_t slot, size_t length, size_t have, uint32_t prefix,
                 const uint8_t *address) {
    frames->length[slot] = length > have ? frames->room[slot] + 1 : length < prefix ? -1 : (int32_t)(length - prefix);
    memcpy(frames->address + (size_t)slot * FRAME_ADDRESS, address, FRAME_ADDRESS);
}

/* Notes what the i-th message is: one of length 0 where nobody can know, or is to look at so many datagrams. */
static void judge(struct trains *trains, uint32_t i, struct mmsghdr *received) {
    uint32_t length = received->msg_len, segment = read_size(&received->msg_hdr, length);
    if (received->msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
        (segment > 0 && (length - 1) / segment >= TRAIN_MOST_SEGMENTS))
        length = segment = 0;
    trains->messages[i].length = length;
    trains->messages[i].segment = segment;
    trains->expected |= segment > 0;
}

/* Receives, and gives slots to the messages before the first train. Returns how many these are, or -errno. */
static int take(struct frames *frames, struct trains *trains, int fd, uint32_t first, uint32_t count, uint32_t prefix) {
    struct batch batch;
    const int apart = trains->expected;
    if (apart && count > FEW) count = FEW;
    for (uint32_t i = 0; i < count; i++) {
        size_t room = prefix + (size_t)frames->room[first + i];
        uint8_t *slot = frames_place(frames, first + i, prefix, room - prefix);
        prepare(trains, &batch, i, slot, apart ? 0 : room);
    }
    int received;
    do {
        received = recvmmsg(fd, batch.messages, count, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    int given = -1;
    trains->fd = fd;
    trains->count = (uint32_t)received;
    trains->next = trains->offset = 0;
    trains->expected = 0;
    for (uint32_t i = 0; i < (uint32_t)received; i++) {
        const struct iovec *slot = &batch.parts[i][0];
        socklen_t bytes = batch.messages[i].msg_hdr.msg_namelen;
        if (bytes < FRAME_ADDRESS) memset(trains->address[i] + bytes, 0, FRAME_ADDRESS - bytes);
        judge(trains, i, &batch.messages[i]);
        const uint32_t length = trains->messages[i].length;
        if (given < 0 && (apart || trains->messages[i].segment > 0)) given = (int)i;
        if (given < 0)
            note(frames, first + i, length, slot->iov_len, prefix, trains->address[i]);
        else
            memcpy(trains->memory[i], slot->iov_base, length < slot->iov_len ? length : slot->iov_len);
    }
    trains->next = given < 0 ? trains->count : (uint32_t)given;
    return given < 0 ? received : given;
}

/* Gives slots to datagrams that lie in memory of their own. Returns how many. */
static uint32_t give(struct frames *frames, struct trains *trains, uint32_t first, uint32_t count, uint32_t prefix) {
    uint32_t given = 0;
    while (given < count && trains->next < trains->count) {
        uint32_t i = trains->next, slot = first + given, all = trains->messages[i].length, offset = trains->offset;
        uint32_t length = all - offset, segment = trains->messages[i].segment;
        if (segment > 0 && segment < length) length = segment;
        size_t have = prefix + (size_t)frames->room[slot];
        uint8_t *memory = frames_place(frames, slot, prefix, have - prefix);
        memcpy(memory, trains->memory[i] + offset, length < have ? length : have);
        note(frames, slot, length, have, prefix, trains->address[i]);
        given++;
        trains->offset += length;
        if (trains->offset < all) continue;
        trains->next++;
        trains->offset = 0;
    }
    return given;
}

int trains_receive(struct frames *frames, int fd, uint32_t first, uint32_t count, uint32_t prefix, int *left) {
    struct trains *trains = frames->trains;
    *left = 0;
    if (count > FRAME_BATCH) count = FRAME_BATCH;
    if (first > frames->slots || count > frames->slots - first) return -EINVAL;
    for (uint32_t slot = first; slot < first + count; slot++)
        if (frames->room[slot] < 0 || !frames_place(frames, slot, prefix, (size_t)frames->room[slot])) return -EINVAL;
    int taken = 0;
    if (trains->fd != fd || trains->next == trains->count) taken = take(frames, trains, fd, first, count, prefix);
    if (taken < 0) return taken;
    taken += (int)give(frames, trains, first + (uint32_t)taken, count - (uint32_t)taken, prefix);
    *left = trains->next < trains->count;
    return taken;
}
