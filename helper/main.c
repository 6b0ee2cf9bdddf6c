/* fdbroker-helper: QEMU runs it to get a network's descriptor (fdbroker-helper(8)). It asks the broker and sends QEMU
 * one byte with one descriptor, or nothing and exits with a status other than 0: QEMU would take a byte without a
 * descriptor, or an exit status of 0 without a byte, for descriptor 0. */
#include <fcntl.h>

#include "helper.h"

int main(int argc, char **argv) {
    static char buffer[MAX_MESSAGE + 1]; /* and a NUL */
    int descriptor, domain = 0;
    socklen_t size = sizeof domain;
    struct iovec request[REQUEST_PARTS], byte = {.iov_base = "", .iov_len = 1};
    const char *status, *message;
    /* Else a socket of ours would be the next stderr. */
    if (fcntl(STDERR_FILENO, F_GETFD) < 0) dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    const struct arguments arguments = parse_arguments(argc, argv);
    /* Any socket but a unix one would take the byte and lose the descriptor. */
    if (getsockopt(arguments.qemu, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_UNIX)
        fail(USAGE, "--fd= names no open unix socket; let QEMU run this program as the helper= of a -netdev");
    fail_closes = arguments.qemu;

    start_deadline(arguments.timeout);
    const int broker = connect_broker(arguments.socket);
    write_request(&arguments, request);
    /* A broker that hung up at once may have said why: its reply is still there to be read. */
    if (!send_with(broker, request, REQUEST_PARTS, arguments.qemu, 0) && errno != EPIPE && errno != ECONNRESET)
        fail(BROKEN, "the request cannot be sent to the broker: ", strerror(errno));
    const char *const wrong = parse_reply(buffer, receive_with(broker, buffer, &descriptor), &status, &message);
    if (wrong != NULL)
        fail(BROKEN, "the broker's answer makes no sense (", wrong, "); is fdbrokerd " FDBROKER_VERSION " too?");
    if (strcmp(status, "ok") != 0) fail(REFUSED, status, ": ", message);
    if (descriptor < 0) fail(BROKEN, "the broker's answer has no descriptor; is fdbrokerd " FDBROKER_VERSION " too?");
    alarm(0); /* once the byte is sent the exit status must be 0 */
    if (!send_with(arguments.qemu, &byte, 1, descriptor, MSG_DONTWAIT))
        fail(BROKEN, "QEMU does not take the descriptor: ", strerror(errno));
    _exit(0);
}
