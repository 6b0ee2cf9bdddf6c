/* Frames by a tap's own descriptor, read(2) and write(2). See frames.h. */
#include "frames.h"

#include <errno.h>
#include <unistd.h>

int frames_read(struct frames *frames, int fd, uint32_t first, uint32_t count, uint32_t prefix) {
    if (count > FRAME_BATCH) count = FRAME_BATCH;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t slot = first + i;
        const size_t room = slot < frames->slots && frames->room[slot] > 0 ? (size_t)frames->room[slot] : 0;
        uint8_t *memory = frames_place(frames, slot, prefix, room);
        if (!memory) return -EINVAL;
        ssize_t size;
        do {
            size = read(fd, memory, prefix + room);
        } while (size < 0 && errno == EINTR);
        /* What was taken counts; an error comes again */
        if (size < 0 && i > 0) return (int)i;
        if (size < 0) return errno == EBADFD ? -EPROTO : -errno;
        const size_t bytes = (size_t)size;
        frames->length[slot] = bytes < prefix ? -1 : (int32_t)(bytes - prefix) + (bytes == prefix + room);
    }
    return (int)count;
}

int frames_write(const struct frames *frames, int fd, const int32_t *slots, uint32_t count, uint32_t prefix,
                 struct frames_sent *sent) {
    *sent = (struct frames_sent){0, 0, 0, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t slot = (uint32_t)slots[i];
        const int32_t length = slot < frames->slots ? frames->length[slot] : -1;
        const uint8_t *memory = length < 0 ? NULL : frames_place(frames, slot, prefix, (size_t)length);
        if (!memory) return -EINVAL;
        ssize_t size;
        do {
            size = write(fd, memory, prefix + (size_t)length);
        } while (size < 0 && errno == EINTR);
        if (size >= 0) {
            sent->sent++;
            continue;
        }
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
            sent->full += (int32_t)(count - i);
            return 0;
        }
        if (errno == EBADFD) sent->broken = 1;
        sent->failed++;
    }
    return 0;
}
