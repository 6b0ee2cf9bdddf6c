/* Packet sockets. See packet.h. */
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

int packet_open(void) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int turn_on(int fd, int name) {
    const int on = 1;
    return setsockopt(fd, SOL_PACKET, name, &on, sizeof on) < 0 ? -errno : 0;
}

int packet_ignore_outgoing(int fd) {
    return turn_on(fd, PACKET_IGNORE_OUTGOING);
}

int packet_auxdata(int fd) {
    return turn_on(fd, PACKET_AUXDATA);
}

int packet_vnet_header(int fd) {
    return turn_on(fd, PACKET_VNET_HDR);
}

int packet_promiscuous(int fd, uint32_t ifindex) {
    const struct packet_mreq membership = {.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) < 0 ? -errno : 0;
}

int packet_bind(int fd, uint32_t ifindex) {
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)ifindex};
    return bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

int packet_lost(int fd) {
    struct tpacket_stats since;
    socklen_t size = sizeof since;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &since, &size) < 0) return -errno;
    return since.tp_drops > INT_MAX ? INT_MAX : (int)since.tp_drops;
}
