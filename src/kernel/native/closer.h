/*
 * Closes descriptors where it cannot delay anybody: in a child process that shares this process's descriptor table and
 * may be killed when one of them does not close. docs/decisions/0007-the-closer.md says why.
 */
#ifndef FDBROKER_CLOSER_H
#define FDBROKER_CLOSER_H

#include <stdint.h>

struct closer;

struct closer_state {
    /* Descriptors that no child has begun to close. */
    uint32_t waiting;
    /* How many have been begun since the start, modulo 2^32. */
    uint32_t begun;
    /* Whether the current child is in close(2) of the last one begun. */
    uint32_t busy;
    /* Whether there is a current child. */
    uint32_t running;
    /* Children given up that have not ended: each is in close(2) of a descriptor whose number is free already. */
    uint32_t stuck;
};

/* Without a child as yet. NULL when there is no memory. */
struct closer *closer_open(void);

/* Starts a child where none is running. EAGAIN or ENOMEM when there cannot be one now. */
int closer_start(struct closer *closer);

/* From now on the descriptor is the closer's, which closes it once at most. EAGAIN when 1024 are waiting. */
int closer_push(struct closer *closer, int fd);

struct closer_state closer_look(struct closer *closer);

/* Kills the current child and leaves it to its end. Returns 1, or 0 when there was none to kill. */
int closer_give_up(struct closer *closer);

/* Kills the current child, and no other will run. Those waiting stay open. */
void closer_stop(struct closer *closer);

/* Frees the memory once all children have ended; to be called after closer_stop. */
void closer_free(struct closer *closer);

#endif
