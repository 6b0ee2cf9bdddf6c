/*
 * Sockets of UDP and TCP. Every function returns 0 or more, or -errno; every descriptor made is close-on-exec and
 * non-blocking. An address is numeric, IPv4 or IPv6; EINVAL for anything else.
 */
#ifndef FDBROKER_INET_H
#define FDBROKER_INET_H

#include <stdint.h>
#include <sys/socket.h>

/* A new socket for that address's family: TCP when stream is not 0, else UDP. Without IPv4 on an IPv6 one. */
int inet_open(const char *address, int stream);
/* Returns the size of what it wrote into address. */
int inet_address(const char *text, uint16_t port, struct sockaddr_storage *address);
int inet_bind(int fd, const char *address, uint16_t port);
/* EINPROGRESS: TCP goes on by itself; the socket becomes writable when it is done, and socket_error tells how. */
int inet_connect(int fd, const char *address, uint16_t port);
/* Whether datagrams larger than the path's MTU go in fragments; EMSGSIZE for them otherwise. For either family. */
int inet_fragment(int fd, int allow);
/* Bytes of the largest packet for the address that the socket is connected to: of its route, or learned of the path. */
int inet_path_mtu(int fd);
/* Another descriptor of the same socket. */
int inet_duplicate(int fd);
/* What the socket's last operation ended with, as a positive errno; 0: well. It is told once. */
int socket_error(int fd);
/* From now on reading and writing wait, as most programs expect of what they are handed. */
int make_blocking(int fd);

#endif
