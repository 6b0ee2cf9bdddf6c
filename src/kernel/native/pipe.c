/* pipe.h by pipe2(2). The two ends have a file status each, so that only one of them is non-blocking. */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int open_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    if (fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK) == 0) return 0;
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return -error;
}
