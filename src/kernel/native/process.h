/* What the broker does to its own process, and how it names others. Every function returns 0 or more, or -errno. */
#ifndef FDBROKER_PROCESS_H
#define FDBROKER_PROCESS_H

#include <stdint.h>

/* flock(2), exclusive, without waiting: 1 when locked, 0 when another open file has the lock. */
int lock_file(int fd);

/*
 * Keeps the capabilities whose bits are in keep, of the first 32 and as far as this thread has them, in all sets, and
 * nothing else; sets no_new_privs and, until the next execve, makes the process undumpable.
 *
 * Capabilities and no_new_privs belong to a thread and Node has several by the time that this is called: the others are
 * limited by an execve(2) after it, which ends them and gives the one that is left, and all it makes, no more than this
 * one has. For that those kept stay inheritable and ambient: an ordinary user's process keeps them by nothing else.
 * The bounding set can be limited with CAP_SETPCAP only; without it no_new_privs stands in.
 */
int limit_capabilities(uint32_t keep);

/*
 * Makes writing to a pipe or socket fail with EAGAIN rather than wait, for whoever shares the open file too; anything
 * else stays as it is: a terminal is the shell's as well.
 */
int never_wait(int fd);

/* Clears close-on-exec, or sets it. */
int keep_on_exec(int fd);
int close_on_exec(int fd);

/* How a program begins. Of sets of signals, bit n - 1 is signal n, as in proc(5). */
struct beginning {
    /* The soft limit of open files; 0, or more than there is now: as it is. */
    uint32_t open_files;
    uint64_t ignored, blocked;
};

/*
 * execve(2) with standard input, output and error kept open (Node has made them close-on-exec) and with what it is told
 * of signals and limits, which Node sets as it likes. Returns on failure only, and then those are as before.
 */
int exec_in_place(const char *file, char *const arguments[], char *const environment[],
                  const struct beginning *beginning);

/* Sends one datagram to a path, or to an abstract name that begins with @ (sd_notify(3)). Waits a second at most. */
int notify(const char *address, const char *message);

/* pidfd_open(2): ready to read when the process has ended. */
int open_pidfd(int pid);

#endif
