/*
 * Unix sockets that keep message borders (unix(7), SOCK_SEQPACKET) and carry descriptors (SCM_RIGHTS). Every function
 * returns 0 or more, or -errno; every descriptor made is close-on-exec and non-blocking.
 */
#ifndef FDBROKER_SOCKETS_H
#define FDBROKER_SOCKETS_H

#include <stddef.h>

/* SCM_MAX_FD of the kernel: descriptors in one message. */
#define MAX_PASSED_FDS 253

int open_seqpacket(void);
/* SOCK_STREAM, for sockets of other programs. */
int open_stream(void);
int bind_path(int fd, const char *path);
int connect_path(int fd, const char *path);
int listen_on(int fd, int backlog);

/*
 * Makes a descriptor that was handed over close-on-exec and non-blocking. EAFNOSUPPORT when it is no unix socket,
 * EPROTOTYPE when it is not SOCK_SEQPACKET, EINVAL when it does not listen.
 */
int adopt_listener(int fd);

/* The path a unix socket is bound to, with a NUL; empty when it has none or an abstract one. Returns its length. */
int bound_path(int fd, char *path, size_t size);

/* The new connection. EAGAIN when there is none. */
int accept_connection(int listener);

struct received {
    /* Descriptors, for the caller to close: where that may block, for they are a client's. */
    int fds;
    /* Bytes or descriptors were lost on the way: the message is not whole. */
    int cut_off;
    /* The peer has closed its end: nobody will read an answer. */
    int hung_up;
};

/*
 * One message into bytes, and all its descriptors into fds. Returns the number of bytes written, of which 0 is the end
 * of the connection or an empty message, which may have descriptors: a SEQPACKET reader cannot tell.
 */
int receive_message(int fd, void *bytes, size_t size, int fds[MAX_PASSED_FDS], struct received *about);

/* One message, whole or not at all. ETOOMANYREFS when too many descriptors of this user are in flight. */
int send_message(int fd, const void *bytes, size_t size, const int *fds, size_t count);
/*
 * The same, and when it was sent closes our own copies in the very next call: before the peer can have closed those it
 * got, so that ours are not the last, which may take long to close.
 */
int send_away(int fd, const void *bytes, size_t size, const int *fds, size_t count);

/* SIOCOUTQ: 0 when the peer has read everything. */
int unsent_bytes(int fd);

/* type: SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM. */
int socket_pair(int type, int ends[2]);
/* How much may be sent and not read: without CAP_NET_ADMIN net.core.wmem_max at most. */
int send_buffer(int fd, int bytes);
/* How much may wait to be received: without CAP_NET_ADMIN net.core.rmem_max at most. */
int receive_buffer(int fd, int bytes);
/* From now on nobody can send fd descriptors: they would be closed by whoever receives, and that can take long.
 * ENOPROTOOPT before Linux 6.16. */
int refuse_descriptors(int fd);

#endif
