/* Has the kernel tell more beside each datagram of descriptor 3, a UDP socket of IPv4, than its reader has room for. */
#include <err.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main(void) {
    const int on = 1;
    if (setsockopt(3, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) err(1, "SO_TIMESTAMPNS");
    if (setsockopt(3, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0) err(1, "IP_PKTINFO");
    return 0;
}
