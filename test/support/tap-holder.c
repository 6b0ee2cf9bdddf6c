/*
 * Holds the tap that is descriptor 3, or with attach gets itself a queue of one, and does to it what a hostile holder
 * can, one word a line from standard input, each answered by a line with 0 or -errno. Ends, and lets the tap go, at the
 * end of the input.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int set_address(const char *text) {
    struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
    unsigned byte[6];
    if (sscanf(text, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5]) != 6) return -1;
    for (int index = 0; index < 6; index++) request.ifr_hwaddr.sa_data[index] = (char)byte[index];
    return ioctl(3, SIOCSIFHWADDR, &request);
}

static int attach(const char *name, short more) {
    struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | more)};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return ioctl(3, TUNSETIFF, &request);
}

static int drop_all(void) {
    struct sock_filter drop = {.code = BPF_RET | BPF_K, .k = 0};
    struct sock_fprog program = {.len = 1, .filter = &drop};
    return ioctl(3, TUNATTACHFILTER, &program);
}

static int set_header(const char *bytes) {
    int size;
    if (sscanf(bytes, "%d", &size) != 1) return -1;
    return ioctl(3, TUNSETVNETHDRSZ, &size);
}

int main(void) {
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int off = 0, on = 1, result = -1;
        errno = EINVAL;
        line[strcspn(line, "\n")] = 0;
        if (strcmp(line, "persist") == 0) result = ioctl(3, TUNSETPERSIST, 1UL);
        if (strcmp(line, "own") == 0) result = ioctl(3, TUNSETOWNER, (unsigned long)getuid());
        if (strcmp(line, "carrier off") == 0) result = ioctl(3, TUNSETCARRIER, &off);
        if (strcmp(line, "carrier on") == 0) result = ioctl(3, TUNSETCARRIER, &on);
        if (strncmp(line, "address ", 8) == 0) result = set_address(line + 8);
        if (strncmp(line, "attach ", 7) == 0) result = attach(line + 7, IFF_MULTI_QUEUE);
        if (strncmp(line, "take ", 5) == 0) result = attach(line + 5, 0);
        if (strncmp(line, "header ", 7) == 0) result = set_header(line + 7);
        if (strcmp(line, "filter") == 0) result = drop_all();
        printf("%d\n", result < 0 ? -errno : 0);
        fflush(stdout);
    }
    return 0;
}
