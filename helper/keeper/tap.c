/* Taps in the network namespace that we are in. See keeper.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"

/* Without this the tap would have a link-local address, and speak. */
static int have_no_address(int ifindex) {
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
        struct rtattr spec, family, mode;
        uint32_t none;
    } request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .link = {.ifi_index = ifindex},
        .spec = {.rta_len = 3 * sizeof(struct rtattr) + 4, .rta_type = IFLA_AF_SPEC},
        .family = {.rta_len = 2 * sizeof(struct rtattr) + 4, .rta_type = AF_INET6},
        .mode = {.rta_len = sizeof(struct rtattr) + 1, .rta_type = IFLA_INET6_ADDR_GEN_MODE},
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } answer;
    memset(&request.none, 0, sizeof request.none);
    *(uint8_t *)&request.none = IN6_ADDR_GEN_MODE_NONE;
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    int bad = send(fd, &request, sizeof request, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0 ? -errno : 0;
    close(fd);
    if (bad == 0) bad = answer.error.error;
    return bad == -EAFNOSUPPORT ? 0 : bad; /* a kernel without IPv6 */
}

/* All of the interface before the socket, which would be told that it is down. */
static int set_up(int socket, const char *name, unsigned mtu, int *ifindex, const char **call) {
    struct ifreq request = {.ifr_flags = 0};
    memcpy(request.ifr_name, name, IFNAMSIZ);
    *call = "SIOCGIFINDEX";
    if (ioctl(socket, SIOCGIFINDEX, &request) < 0) return -errno;
    *ifindex = request.ifr_ifindex;
    *call = "RTM_NEWLINK";
    const int bad = have_no_address(*ifindex);
    if (bad < 0) return bad;
    *call = "SIOCSIFMTU";
    request.ifr_mtu = (int)mtu;
    if (ioctl(socket, SIOCSIFMTU, &request) < 0) return -errno;
    *call = "SIOCSIFFLAGS";
    request.ifr_flags = IFF_NOARP;
    if (ioctl(socket, SIOCSIFFLAGS, &request) < 0) return -errno;
    request.ifr_flags = IFF_NOARP | IFF_UP;
    return ioctl(socket, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* Frames come as the guest left them, with what it left undone in a header, and go likewise. */
static int listen_on(int socket, int ifindex, const char **call) {
    static const int options[] = {PACKET_VNET_HDR, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING};
    const int on = 1;
    *call = "setsockopt";
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (setsockopt(socket, SOL_PACKET, options[i], &on, sizeof on) < 0) return -errno;
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex};
    *call = "bind";
    return bind(socket, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

int make_tap(unsigned mtu, bool vnet_header, int fds[2], const char **call) {
    struct ifreq request = {.ifr_name = "fdb%d"};
    const int flags = IFF_TAP | IFF_NO_PI | (vnet_header ? IFF_VNET_HDR : 0);
    int ifindex = 0, bad;
    *call = "open /dev/net/tun";
    if ((fds[0] = open("/dev/net/tun", O_RDWR | O_CLOEXEC)) < 0) return -errno;
    *call = "socket (AF_PACKET)";
    fds[1] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    bad = fds[1] < 0 ? -errno : 0;
    if (bad == 0) {
        *call = "TUNSETIFF";
        request.ifr_flags = (short)flags;
        bad = ioctl(fds[0], TUNSETIFF, &request) < 0 ? -errno : 0;
    }
    if (bad == 0) bad = set_up(fds[1], request.ifr_name, mtu, &ifindex, call);
    if (bad == 0) bad = listen_on(fds[1], ifindex, call);
    if (bad < 0) close_all(fds, fds[1] < 0 ? 1 : 2);
    return bad;
}

int tap_of(int socket) {
    struct sockaddr_ll address = {.sll_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &size) < 0 || address.sll_family != AF_PACKET) return 0;
    return address.sll_ifindex;
}

/* Which namespace a socket is in; 0: none of ours, as of a keeper before us. */
static ino_t namespace_of(int socket) {
    struct stat about = {.st_ino = 0};
    const int fd = ioctl(socket, SIOCGSKNS);
    if (fd < 0 || fstat(fd, &about) < 0) return 0;
    close(fd);
    return about.st_ino;
}

void end_tap(int tap) {
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } request = {{sizeof request, RTM_DELLINK, NLM_F_REQUEST, 0, 0}, {.ifi_index = tap_of(tap)}};
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    const ino_t there = namespace_of(tap);
    if (request.link.ifi_index > 0 && there != 0 && there == namespace_of(fd)) send(fd, &request, sizeof request, 0);
    if (fd >= 0) close(fd);
}
