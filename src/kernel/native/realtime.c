/* Affinity, scheduling, memory. See realtime.h. */
#include "realtime.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

int pin_thread(const int32_t *processors, size_t count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = 0; i < count; i++) {
        if (processors[i] < 0 || processors[i] >= CPU_SETSIZE) return -EINVAL;
        CPU_SET((size_t)processors[i], &set);
    }
    return sched_setaffinity(0, sizeof set, &set) < 0 ? -errno : 0;
}

int schedule_thread(int priority) {
    const struct sched_param parameter = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_FIFO, &parameter) < 0 ? -errno : 0;
}

int lock_memory(void) {
    /* On fault: V8 reserves far more address space than it ever touches. */
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ? -errno : 0;
}
