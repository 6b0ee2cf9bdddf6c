/* The way to the broker: where it listens, and how long it may take. */
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "helper.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static const char *timeout;

/* The only signal caught, and it does not return: so no call ends with EINTR. */
static void end_at_deadline(__attribute__((unused)) int number) {
    fail(TIMED_OUT, "the broker at ", address.sun_path, " did not answer within ", timeout,
         " s; see whether fdbrokerd is stopped or overloaded, or give it longer with --timeout=");
}

void start_deadline(const char *seconds) {
    sigset_t deadline;
    timeout = seconds;
    signal(SIGALRM, end_at_deadline);
    sigemptyset(&deadline);
    sigaddset(&deadline, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &deadline, NULL); /* QEMU blocks it in itself, and a child inherits that */
    alarm((unsigned)atoi(seconds));
}

/* Waits while the broker's backlog is full. */
static int try_connect(int broker, const char *directory, const char *file) {
    if (strlen(directory) + strlen(file) >= sizeof address.sun_path || !is_text(directory))
        fail(USAGE, "the path of the broker's socket has over 107 bytes or is no UTF-8 text; name another");
    stpcpy(stpcpy(address.sun_path, directory), file);
    return connect(broker, (const struct sockaddr *)&address, sizeof address);
}

/* Names the group that has access, where /etc/group does: a static program has no other source (nsswitch.conf(5)). */
static void fail_unreachable(const char *also) {
    if (errno != EACCES)
        fail(UNREACHABLE, "no way to a broker at ", also, address.sun_path, ": ", strerror(errno),
             "; start fdbrokerd, or name its socket with --socket=");
    const struct group *one = NULL;
    struct stat gate;
    const bool for_group = lstat(address.sun_path, &gate) == 0 && gate.st_mode & S_IWGRP && gate.st_gid != 0;
    FILE *const groups = for_group ? fopen("/etc/group", "re") : NULL;
    while (groups != NULL && (one = fgetgrent(groups)) != NULL && one->gr_gid != gate.st_gid) continue;
    if (one != NULL)
        fail(UNREACHABLE, "permission denied at ", address.sun_path, ": the socket is open to the group ", one->gr_name,
             "; join it (usermod -aG ", one->gr_name, " YOU) and log in again, or ask an administrator");
    fail(UNREACHABLE, "permission denied at ", address.sun_path, ": it or its folder is closed to you; ask an ",
         "administrator (socket-group in fdbroker.ini), or start a broker of your own: fdbrokerd --user");
}

/* given: a path, or NULL for the usual places. */
int connect_broker(const char *given) {
    const char *const variable = getenv("FDBROKER_SOCKET"), *const home = getenv("XDG_RUNTIME_DIR");
    const char *const path = given == NULL && variable != NULL && *variable != '\0' ? variable : given;
    const int broker = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const char *also = "";
    int failed = try_connect(broker, path != NULL ? path : "/run/fdbroker/control", "");
    if (failed && errno == ENOENT && path == NULL && home != NULL && *home == '/') {
        also = "/run/fdbroker/control or ";
        failed = try_connect(broker, home, "/fdbroker/control");
    }
    if (failed) fail_unreachable(also);
    return broker;
}
