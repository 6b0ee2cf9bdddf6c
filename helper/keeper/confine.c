/* Privileges and namespaces. See keeper.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper.h"

static const uint32_t for_taps = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;

/* Leaves this thread, the only one, no capability but those, where it has them, and no way to gain one. */
static int limit_capabilities(uint32_t keep) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); /* fails for whoever can gain none anyway */
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -errno;
    if (syscall(SYS_capget, &header, words) < 0) return -errno;
    const uint32_t kept = words[0].permitted & keep;
    memset(words, 0, sizeof words);
    words[0].effective = words[0].permitted = kept;
    if (syscall(SYS_capset, &header, words) < 0) return -errno;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Addresses that a guest's router advertisements would make here. They would reach nothing, so it is no error where
 * /proc/sys is read-only. */
static void do_without_ipv6(void) {
    const int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)!write(fd, "1", 1);
    close(fd);
}

int enter_namespace(const char **call) {
    static bool entered;
    if (entered) return 0;
    *call = "unshare";
    /* Who started us with CAP_SYS_ADMIN need not allow user namespaces. */
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        const int forbidden = -errno;
        if (unshare(CLONE_NEWNET) < 0) return forbidden;
    }
    entered = true;
    do_without_ipv6();
    *call = "capset";
    return limit_capabilities(for_taps);
}

int confine(void) {
    const char *call;
    /* Nobody may look into us, or trace us, but root. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return -errno;
    /* Where it fails it is tried again, without privilege, when a tap is wanted: by then it may be allowed. */
    return enter_namespace(&call) < 0 ? limit_capabilities(0) : 0;
}
