/*
 * What the programs of the benchmarks share.
 */
#ifndef FDBROKER_BENCH_COMMON_H
#define FDBROKER_BENCH_COMMON_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ends the program, and says by errno why. */
static inline void die(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

/* Nanoseconds. */
static inline int64_t now(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) < 0) die("clock_gettime");
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

#endif
