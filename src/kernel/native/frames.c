/* Frames by recvmmsg(2) and sendmmsg(2). See frames.h. */
#include "frames.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct batch {
    struct mmsghdr messages[FRAME_BATCH];
    struct iovec parts[FRAME_BATCH];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control[FRAME_BATCH];
};

uint8_t *frames_place(const struct frames *frames, uint32_t slot, uint32_t prefix, size_t bytes) {
    if (slot >= frames->slots || frames->region[slot] >= frames->regions || frames->start[slot] < 0) return NULL;
    size_t start = (size_t)frames->start[slot], size = frames->size[frames->region[slot]];
    if (start < prefix || start > size || bytes > size - start) return NULL;
    return frames->memory[frames->region[slot]] + start - prefix;
}

static int32_t tag_of(struct msghdr *message) {
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
        struct tpacket_auxdata about;
        if (control->cmsg_level != SOL_PACKET || control->cmsg_type != PACKET_AUXDATA) continue;
        memcpy(&about, CMSG_DATA(control), sizeof about);
        if (!(about.tp_status & TP_STATUS_VLAN_VALID)) return 0;
        uint32_t type = about.tp_status & TP_STATUS_VLAN_TPID_VALID ? about.tp_vlan_tpid : 0x8100;
        return (int32_t)(type << 16 | about.tp_vlan_tci);
    }
    return 0;
}

int frames_receive(struct frames *frames, int fd, uint32_t first, uint32_t count, uint32_t prefix, int with) {
    struct batch batch;
    if (count > FRAME_BATCH) count = FRAME_BATCH;
    for (uint32_t i = 0; i < count; i++) {
        struct msghdr *message = &batch.messages[i].msg_hdr;
        size_t room = first + i < frames->slots && frames->room[first + i] > 0 ? (size_t)frames->room[first + i] : 0;
        uint8_t *memory = frames_place(frames, first + i, prefix, room);
        if (!memory) return -EINVAL;
        memset(message, 0, sizeof *message);
        batch.parts[i] = (struct iovec){memory, prefix + room};
        message->msg_iov = &batch.parts[i];
        message->msg_iovlen = 1;
        if (with & FRAMES_WITH_ADDRESS) {
            message->msg_name = frames->address + (size_t)(first + i) * FRAME_ADDRESS;
            message->msg_namelen = FRAME_ADDRESS;
        }
        if (with & FRAMES_WITH_TAG) {
            message->msg_control = &batch.control[i];
            message->msg_controllen = sizeof batch.control[i];
        }
    }
    int received;
    do {
        received = recvmmsg(fd, batch.messages, count, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    for (uint32_t i = 0; i < (uint32_t)received; i++) {
        struct msghdr *message = &batch.messages[i].msg_hdr;
        int32_t length = (int32_t)batch.messages[i].msg_len - (int32_t)prefix;
        if (message->msg_flags & MSG_TRUNC) length = frames->room[first + i] + 1;
        frames->length[first + i] = length < 0 ? -1 : length;
        if (with & FRAMES_WITH_ADDRESS && message->msg_namelen < FRAME_ADDRESS)
            memset((uint8_t *)message->msg_name + message->msg_namelen, 0, FRAME_ADDRESS - message->msg_namelen);
        if (with & FRAMES_WITH_TAG) frames->tag[first + i] = tag_of(message);
    }
    return received;
}

static uint32_t length_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What one look at the stream holds. *more: there may be whole frames behind it. */
static int receive_look(struct frames *frames, int fd, uint32_t first, uint32_t count, int *more) {
    uint8_t *scratch = frames->scratch;
    ssize_t waiting = recv(fd, scratch, FRAME_SCRATCH, MSG_PEEK | MSG_DONTWAIT);
    if (waiting < 0) return -errno;
    size_t used = 0;
    uint32_t taken = 0;
    while (taken < count && (size_t)waiting - used >= 4) {
        uint32_t length = length_at(scratch + used), slot = first + taken;
        if (length > FRAME_SCRATCH - 4) return -EPROTO;
        if ((size_t)waiting - used - 4 < length) break;
        uint8_t *memory = frames_place(frames, slot, 0, slot < frames->slots ? (size_t)frames->room[slot] : 0);
        if (!memory) return -EINVAL;
        if (length <= (uint32_t)frames->room[slot]) memcpy(memory, scratch + used + 4, length);
        frames->length[slot] = (int32_t)length;
        used += 4 + length;
        taken++;
    }
    if (used > 0 && recv(fd, scratch, used, MSG_DONTWAIT) != (ssize_t)used) return -EPROTO;
    *more = waiting == FRAME_SCRATCH && taken > 0;
    return (int)taken;
}

int frames_receive_stream(struct frames *frames, int fd, uint32_t first, uint32_t count) {
    uint32_t taken = 0;
    int more;
    do {
        more = 0;
        int some = receive_look(frames, fd, first + taken, count - taken, &more);
        /* What was taken counts; an error comes again */
        if (some < 0 && (taken == 0 || some == -EPROTO)) return some;
        if (some > 0) taken += (uint32_t)some;
    } while (more && taken < count);
    return (int)taken;
}

static socklen_t address_size(const uint8_t *address) {
    sa_family_t family;
    memcpy(&family, address, sizeof family);
    return family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* Whether after this error nothing can be sent any more: an interface that is down may come up, one that is gone may
 * not. */
static int is_end(int error) {
    return error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ENXIO || error == EBADF;
}

static void send_all(int fd, struct batch *batch, uint32_t count, struct frames_sent *sent) {
    for (uint32_t done = 0; done < count;) {
        int some = sendmmsg(fd, batch->messages + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (some >= 0) {
            for (uint32_t i = done; i < done + (uint32_t)some; i++)
                if (batch->messages[i].msg_len != batch->parts[i].iov_len) sent->broken = 1;
            sent->sent += some;
            done += (uint32_t)some;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            sent->full += (int32_t)(count - done);
            return;
        } else if (is_end(errno)) {
            sent->broken = 1;
            sent->failed += (int32_t)(count - done);
            return;
        } else if (errno != EINTR) {
            sent->large += errno == EMSGSIZE;
            sent->failed++;
            done++;
        }
    }
}

int frames_send(const struct frames *frames, int fd, const int32_t *slots, uint32_t count, uint32_t prefix,
                const int32_t *peers, const uint8_t *addresses, size_t address_count, struct frames_sent *sent) {
    struct batch batch;
    *sent = (struct frames_sent){0, 0, 0, 0, 0};
    if (count > FRAME_BATCH) return -EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        struct msghdr *message = &batch.messages[i].msg_hdr;
        uint32_t slot = (uint32_t)slots[i];
        int32_t length = slot < frames->slots ? frames->length[slot] : -1;
        uint8_t *memory = length < 0 ? NULL : frames_place(frames, slot, prefix, (size_t)length);
        if (!memory || (peers && (size_t)peers[i] >= address_count)) return -EINVAL;
        memset(message, 0, sizeof *message);
        batch.parts[i] = (struct iovec){memory, prefix + (size_t)length};
        message->msg_iov = &batch.parts[i];
        message->msg_iovlen = 1;
        if (peers) {
            const uint8_t *address = addresses + (size_t)peers[i] * FRAME_ADDRESS;
            message->msg_name = (void *)(uintptr_t)address;
            message->msg_namelen = address_size(address);
        }
    }
    send_all(fd, &batch, count, sent);
    return 0;
}
