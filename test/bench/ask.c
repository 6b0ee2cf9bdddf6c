/*
 * Asks the broker the same things again and again, over one connection each, as fast as it answers.
 *
 * usage: bench-ask SOCKET COUNT MESSAGE-FILE...
 *
 * Sends COUNT requests, the files' contents in turn, and prints how many replies were "status=ok" and how many not.
 */
#include "common.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_FILES = 16, MAX_MESSAGE = 65536 };

static char messages[MAX_FILES][1024], reply[MAX_MESSAGE + 1];
static size_t lengths[MAX_FILES];

static void load(size_t index, const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    lengths[index] = fread(messages[index], 1, sizeof messages[index], file);
    fclose(file);
}

/* Whether the answer was yes. */
static int ask(const struct sockaddr_un *broker, size_t which) {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)broker, sizeof *broker) < 0) die("connect");
    if (send(fd, messages[which], lengths[which], MSG_NOSIGNAL) < 0) die("send");
    const ssize_t length = recv(fd, reply, MAX_MESSAGE, 0);
    if (length <= 0) die("the broker did not answer");
    reply[length] = '\0';
    close(fd);
    return strstr(reply, "\nstatus=ok\n") != NULL;
}

int main(int argc, char **argv) {
    if (argc < 4 || argc - 3 > MAX_FILES) return 2;
    struct sockaddr_un broker = {.sun_family = AF_UNIX};
    if (strlen(argv[1]) >= sizeof broker.sun_path) return 2;
    strcpy(broker.sun_path, argv[1]);
    for (int i = 3; i < argc; i++) load((size_t)(i - 3), argv[i]);
    const size_t count = (size_t)atoi(argv[2]), files = (size_t)(argc - 3);
    size_t yes = 0;
    for (size_t i = 0; i < count; i++) yes += (size_t)ask(&broker, i % files);
    printf("%zu %zu\n", yes, count - yes);
    return 0;
}
