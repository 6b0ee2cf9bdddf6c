/*
 * Ethernet frames in memory that JavaScript and C share, many to a system call. A frame lies in a slot: `length` bytes
 * from `start` on in one of the regions, with room for a prefix (a header of the network's own) before it.
 */
#ifndef FDBROKER_FRAMES_H
#define FDBROKER_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_REGIONS 8
/* Frames in one call at most. */
#define FRAME_BATCH 64
/* Bytes of an address of a far end: a sockaddr_in or sockaddr_in6, then zeros. */
#define FRAME_ADDRESS 32

struct frames {
    uint32_t slots, regions;
    uint8_t *memory[FRAME_REGIONS];
    size_t size[FRAME_REGIONS];
    /* Of each slot, all by JavaScript but lengths, addresses and tags, which receiving writes. */
    const uint8_t *region;
    const int32_t *start;
    const int32_t *room;
    int32_t *length;
    uint8_t *address;
    /* What the kernel took off: the type, then the tag (802.1Q) below; 0: none. */
    int32_t *tag;
    /* For streams: as large as FRAME_SCRATCH. */
    uint8_t *scratch;
    /* Of trains.h, from the first use on. */
    struct trains *trains;
};

#define FRAME_SCRATCH (256 * 1024)

/* The slot's memory from its prefix on; NULL when `bytes` of it are not there. */
uint8_t *frames_place(const struct frames *frames, uint32_t slot, uint32_t prefix, size_t bytes);

/* What receiving is to note besides the bytes. */
enum { FRAMES_WITH_ADDRESS = 1, FRAMES_WITH_TAG = 2 };

/*
 * Takes what waits in a socket of messages into slots from `first` on, each with its prefix before it, without waiting.
 * A length is -1 where even the prefix was cut short, and more than the slot's room where the frame is.
 * Returns how many came, or -errno, -EAGAIN when none waits.
 */
int frames_receive(struct frames *frames, int fd, uint32_t first, uint32_t count, uint32_t prefix, int with);

/*
 * The same from a byte stream with a length of four bytes, big-endian, before each frame. Whole frames are taken and
 * nothing else, so that whoever reads on finds the start of one. Returns less than count when no whole frame is left,
 * 0 at the end of the stream also; -EPROTO: a length that no frame has.
 */
int frames_receive_stream(struct frames *frames, int fd, uint32_t first, uint32_t count);

/* What became of frames to be sent. */
struct frames_sent {
    int32_t sent;
    /* Not taken, each for itself: too large, no way to its address, refused. */
    int32_t failed;
    /* There was no room for. */
    int32_t full;
    /* Whether the socket takes no more ever: its other end is gone, or its stream is cut in a frame. */
    int32_t broken;
    /* Of those that failed: longer than the way there takes. */
    int32_t large;
};

/*
 * Sends the frames of these slots, each with its prefix, without waiting.
 * peers: places in addresses, FRAME_ADDRESS bytes each; NULL: the socket is connected.
 * Returns 0, or -EINVAL when a slot, a peer or its bytes are not there.
 */
int frames_send(const struct frames *frames, int fd, const int32_t *slots, uint32_t count, uint32_t prefix,
                const int32_t *peers, const uint8_t *addresses, size_t address_count, struct frames_sent *sent);

/*
 * frames_receive() and frames_send() for a tap, which is no socket and must not block (tun.h): one system call a frame,
 * as the kernel has no other. A frame that fills its slot may have been cut, so it is told as too long.
 * -EPROTO: the tap is no more.
 */
int frames_read(struct frames *frames, int fd, uint32_t first, uint32_t count, uint32_t prefix);
int frames_write(const struct frames *frames, int fd, const int32_t *slots, uint32_t count, uint32_t prefix,
                 struct frames_sent *sent);

#endif
