/* How the kernel treats the calling thread, or for memory the process. Every function returns 0 or -errno. */
#ifndef FDBROKER_REALTIME_H
#define FDBROKER_REALTIME_H

#include <stddef.h>
#include <stdint.h>

/* sched_setaffinity(2). EINVAL when there is none of these processors. */
int pin_thread(const int32_t *processors, size_t count);
/* SCHED_FIFO with this priority, 1 to 99. EPERM beyond RLIMIT_RTPRIO. */
int schedule_thread(int priority);
/* No page that the process touches is ever paged out. EPERM or ENOMEM beyond RLIMIT_MEMLOCK. */
int lock_memory(void);

#endif
