/* The command line: what QEMU passes, and what a user adds to it. */
#include <stdlib.h>

#include "helper.h"

static const char help[] =
    "usage: fdbroker-helper --fd=N --br=NETWORK [--use-vnet] [--network=NETWORK] [--mac=ADDRESS]\n"
    "                       [--socket=PATH] [--timeout=SECONDS]\n"
    "       fdbroker-helper --help | --version\n"
    "QEMU runs it: -netdev tap,id=n0,helper=/usr/local/libexec/fdbroker-helper,br=NETWORK; see fdbroker-helper(8).\n";
static const char version[] = "fdbroker-helper " FDBROKER_VERSION "\n";

enum { USE_VNET, FD, BR, NETWORK, MAC, SOCKET, TIMEOUT, COUNT };
static const char *const names[] = {"--use-vnet", "--fd=", "--br=", "--network=", "--mac=", "--socket=", "--timeout="};

/* -1 unless the text is a decimal number. */
static int parse_number(const char *text) {
    const size_t digits = strspn(text, "0123456789");
    return text[digits] == '\0' && digits > 0 && digits < 10 ? atoi(text) : -1;
}

struct arguments parse_arguments(int argc, char **argv) {
    const char *values[COUNT] = {NULL};
    /* Only alone: among QEMU's arguments an exit status of 0 would stand for a descriptor. */
    const char *const alone = argc == 2 ? argv[1] : "";
    const char *const text = strcmp(alone, "--help") == 0 ? help : strcmp(alone, "--version") == 0 ? version : NULL;
    if (text != NULL) _exit(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : BROKEN);

    for (int i = 1; i < argc; i++) {
        if (strlen(argv[i]) > 255 || !is_text(argv[i]))
            fail(USAGE, "an argument has over 255 bytes, a control character or no UTF-8; mend it");
        size_t which = 0;
        while (which < COUNT && strncmp(argv[i], names[which], strlen(names[which])) != 0) which++;
        const char *const value = which < COUNT ? argv[i] + strlen(names[which]) : NULL;
        if (value == NULL || (which == USE_VNET) != (*value == '\0'))
            fail(USAGE, "\"", argv[i], "\" is no argument of this program or lacks its value; see --help");
        if (values[which] != NULL) fail(USAGE, "\"", names[which], "\" is given twice; give it once");
        values[which] = value;
    }

    const char *const network = values[NETWORK] != NULL ? values[NETWORK] : values[BR];
    const char *const timeout = values[TIMEOUT] != NULL ? values[TIMEOUT] : "10";
    const int qemu = values[FD] == NULL ? -1 : parse_number(values[FD]);
    const int seconds = parse_number(timeout);
    if (qemu < 3) fail(USAGE, "no --fd= from 3 up; let QEMU run this program as the helper= of a -netdev");
    if (network == NULL) fail(USAGE, "no network is named; add --network=NAME, or br=NAME to QEMU's -netdev");
    if (seconds < 1 || seconds > 300) fail(USAGE, "--timeout=", timeout, " is not a number of seconds from 1 to 300");
    return (struct arguments){network, values[MAC], values[SOCKET], timeout, qemu, values[USE_VNET] != NULL};
}
