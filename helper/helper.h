/* What the parts of fdbroker-helper know of each other; main.c has the order of events. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_MESSAGE 65536 /* bytes (docs/protocol.md) */

enum { REFUSED = 1, USAGE = 2, UNREACHABLE = 3, TIMED_OUT = 4, BROKEN = 5 }; /* exit statuses */

struct arguments {                                /* no string is empty; NULL: not given */
    const char *network, *mac, *socket, *timeout; /* timeout: seconds, 1 to 300 */
    int qemu;                                     /* our end of QEMU's socketpair */
    bool vnet_hdr;                                /* frames carry a virtio-net header */
};

/* The strings make one sentence without its full stop. Async-signal-safe. Shuts down fail_closes. */
#define fail(status, ...) fail_with(status, (const char *const[]){__VA_ARGS__, NULL})
_Noreturn void fail_with(int status, const char *const strings[]);
extern int fail_closes;

struct arguments parse_arguments(int argc, char **argv);
enum { REQUEST_PARTS = 7 };
void write_request(const struct arguments *asked, struct iovec parts[REQUEST_PARTS]);
bool is_text(const char *text);
const char *parse_reply(char *text, size_t length, const char **status, const char **message);
void start_deadline(const char *seconds);
int connect_broker(const char *given);
bool send_with(int socket, struct iovec *parts, int count, int descriptor, int flags);
size_t receive_with(int socket, char message[MAX_MESSAGE], int *descriptor);
