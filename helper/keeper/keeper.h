/* fdbroker-keeper, part by part. A call that fails returns -errno, and where it says so what failed in *call. */
#ifndef FDBROKER_KEEPER_H
#define FDBROKER_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_MESSAGE = 16384, MAX_FDS = 8, MAX_PORTS = 65536 };

struct message {
    char bytes[MAX_MESSAGE + 1]; /* and a NUL */
    size_t length;
    int fds[MAX_FDS];
    size_t fd_count;
};

/* message.c: one message with descriptors over a SOCK_SEQPACKET socket. */

/* Returns 1; 0 when there is none now; -1 when none will come, or one that does not fit came. Descriptors are the
 * caller's to close. */
int receive_message(int socket, struct message *message);
/* Waits, within what the socket says, for room. The descriptors stay the caller's. */
bool send_message(int socket, const char *head, const char *bytes, size_t length, const int *fds, size_t fd_count);
void close_all(const int *fds, size_t count);

/* confine.c: what this process may do. */

/* Gives up all that making taps in namespaces of our own does not need. */
int confine(void);
/* Enters a network namespace of our own, with a user namespace around it; of no effect once it has. */
int enter_namespace(const char **call);

/* tap.c: taps whose far side is a packet socket. */

/* fds: the tap, then the packet socket. They are the caller's, and the tap ends with its last descriptor.
 * mtu: bytes without the Ethernet header. */
int make_tap(unsigned mtu, bool vnet_header, int fds[2], const char **call);

/* The interface of a packet socket, below 0 when it is no more; 0: it is no packet socket. */
int tap_of(int socket);
/* Deletes the interface of a tap's packet socket, if it is in our namespace: its guest can have made it persistent, and
 * then it would outlive its descriptors. */
void end_tap(int tap);

/* custody.c: what the broker has us keep: by port, some bytes and descriptors. */

/* Takes the descriptors, in place of what was kept for the port. guest: whether its end is to be seen by the first. */
bool keep(unsigned port, bool guest, const char *bytes, size_t length, const int *fds, size_t fd_count);
/* Its tap, if it has one, is no more either. */
void drop(unsigned port);
/* Drops ports of guests that have ended. */
void drop_ended(void);
/* Sends a message for each port whose guest has not ended. */
bool list(int socket);
bool has_guests(void);

#endif
