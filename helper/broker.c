/* The way to the broker: where it listens, and how long it may take. */
#include <signal.h>
#include <stdlib.h>
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
    const char *const remedy =
        errno == EACCES ? "`ls -l` shows which group may use it" : "start fdbrokerd, or name its socket with --socket=";
    if (failed)
        fail(UNREACHABLE, "no way to a broker at ", also, address.sun_path, ": ", strerror(errno), "; ", remedy);
    return broker;
}
