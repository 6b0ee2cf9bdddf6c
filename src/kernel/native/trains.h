/*
 * Trains: datagrams of UDP to or from one far end that the kernel takes, and gives, as one message and that are several
 * on the wire (UDP_SEGMENT and UDP_GRO, udp(7)). All of a train have one size, but that the last may be shorter.
 */
#ifndef FDBROKER_TRAINS_H
#define FDBROKER_TRAINS_H

#include "frames.h"

/* Bytes of the longest message. */
#define TRAIN_BYTES 65536
/* Datagrams of a train that is sent at most, and their bytes together. */
#define TRAIN_SEGMENTS 64
#define TRAIN_SENT_BYTES 65000
/* Datagrams of a train that is received at most: one of more is taken for a single datagram that is cut short. */
#define TRAIN_MOST_SEGMENTS 1024

/* What has come and has not been given yet. */
struct trains {
    int fd;
    /* Of the messages: how many there are, and which is next, from which byte on. */
    uint32_t count, next, offset;
    /* Whether trains came last time: then more are to be expected. */
    int expected;
    struct {
        uint32_t length, segment;
    } messages[FRAME_BATCH];
    uint8_t address[FRAME_BATCH][FRAME_ADDRESS];
    uint8_t memory[FRAME_BATCH][TRAIN_BYTES];
};

/* From now on the socket gives trains. Returns 0 or -errno, -ENOPROTOOPT from a kernel that knows none. */
int trains_accept(int fd);

/*
 * As frames_receive() with addresses from a socket that gives trains: each datagram gets a slot. Those of a message
 * that had no slot any more are given by the next call for the same descriptor, before anything else is received;
 * another's call throws them away. *left: whether there are any.
 */
int trains_receive(struct frames *frames, int fd, uint32_t first, uint32_t count, uint32_t prefix, int *left);

struct trains_sent {
    struct frames_sent of;
    /* Bytes of a datagram, with its prefix, of which the kernel takes no trains now, nor of longer ones: they were sent
     * one by one. 0: it took all. */
    int32_t refused;
};

/*
 * As frames_send() to addresses, datagrams that follow each other to the same place in trains.
 * longest: bytes of a datagram, with its prefix, that is to go in a train.
 */
int trains_send(const struct frames *frames, int fd, const int32_t *slots, uint32_t count, uint32_t prefix,
                const int32_t *peers, const uint8_t *addresses, size_t address_count, uint32_t longest,
                struct trains_sent *sent);

#endif
