/* The one way out that is not success: a sentence on stderr, nothing for QEMU, an exit status. */
#include <poll.h>
#include <signal.h>
#include <sys/uio.h>

#include "helper.h"

int fail_closes = -1;

_Noreturn void fail_with(int status, const char *const strings[]) {
    struct iovec parts[12] = {{.iov_base = "fdbroker-helper: ", .iov_len = 17}};
    int count = 1;
    for (; *strings != NULL && count < 11; count++, strings++)
        parts[count] = (struct iovec){.iov_base = (char *)*strings, .iov_len = strnlen(*strings, 1000)};
    parts[count++] = (struct iovec){.iov_base = "\n", .iov_len = 1};
    alarm(0);
    signal(SIGPIPE, SIG_IGN);
    /* A stopped broker keeps the copy that we sent it, and QEMU would wait for that one's end for ever. */
    shutdown(fail_closes, SHUT_RDWR);
    struct pollfd reader = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&reader, 1, 1000) == 1) /* who does not read must not hold up QEMU */
        (void)!writev(STDERR_FILENO, parts, count);
    _exit(status);
}
