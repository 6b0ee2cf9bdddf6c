/*
 * A child that closes descriptors for us. See closer.h.
 *
 * The child is vforked: it runs in our memory, on a stack of its own, and the thread that made it sleeps until it has
 * ended, so that the thread's errno and stack guard are the child's alone; then the thread reaps it. That makes it
 * small and quick to start, and other threads go on. It is no thread, because a thread cannot be killed alone. It
 * shares the descriptor table, and no signal handlers.
 *
 * Several children may be about: those given up, and the current one. Each takes a number from the ring by moving
 * `begun` with a compare and swap before it closes it, so no number is closed twice. A child killed between the two
 * leaves one descriptor open for good; after a second close, the number could be another client's.
 */
#include "closer.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A power of two, so that indices may wrap. */
#define RING_SIZE 1024u

struct child {
    struct closer *closer;
    pid_t parent;
    /* The kernel writes it before the child runs. */
    _Atomic pid_t pid;
    atomic_uint busy;
    _Alignas(16) char stack[16384];
};

struct closer {
    pthread_mutex_t lock;
    /* Under the lock: the one that may be killed; all whose thread has not ended; whether closer_free was called. */
    struct child *current;
    uint32_t alive;
    int freed;
    /* What an idle child waits for: changes with every push, and in the end. */
    atomic_uint bell;
    atomic_int stop;
    /* Numbers pushed and begun since the start; those between the two wait in the ring. */
    atomic_uint pushed, begun;
    atomic_int ring[RING_SIZE];
};

static void ring_bell(struct closer *closer) {
    atomic_fetch_add(&closer->bell, 1);
    syscall(SYS_futex, &closer->bell, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* It needs no privilege. Refused by a system call filter, it keeps what it has. */
static void drop_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    syscall(SYS_capset, &header, none);
}

/* The child. All that it calls is async-signal-safe. */
static int close_all(void *argument) {
    struct child *child = argument;
    struct closer *closer = child->closer;
    prctl(PR_SET_NAME, "fdbroker-closer", 0, 0, 0);
    drop_capabilities();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != child->parent) return 0;
    for (;;) {
        unsigned bell = atomic_load(&closer->bell);
        unsigned next = atomic_load(&closer->begun);
        if (atomic_load(&closer->stop)) return 0;
        if (next == atomic_load(&closer->pushed)) {
            syscall(SYS_futex, &closer->bell, FUTEX_WAIT_PRIVATE, bell, NULL, NULL, 0);
            continue;
        }
        /* A place is written anew only after `begun` has moved past it, and then the exchange fails. */
        int fd = atomic_load(&closer->ring[next % RING_SIZE]);
        atomic_store(&child->busy, 1);
        if (atomic_compare_exchange_strong(&closer->begun, &next, next + 1)) close(fd);
        atomic_store(&child->busy, 0);
    }
}

/* Frees the closer with the last that knows of it. Called with the lock held, which it lets go. */
static void let_go(struct closer *closer) {
    int last = closer->freed && closer->alive == 0;
    pthread_mutex_unlock(&closer->lock);
    if (!last) return;
    pthread_mutex_destroy(&closer->lock);
    free(closer);
}

/* The thread of one child. */
static void *supervise(void *argument) {
    struct child *child = argument;
    struct closer *closer = child->closer;
    /* Without an exit signal: Node is told of nothing, and only a wait with __WALL sees the child. */
    int flags = CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_PARENT_SETTID;
    int pid = clone(close_all, child->stack + sizeof child->stack, flags, child, (pid_t *)&child->pid);
    /* Nobody may kill by its number once it is reaped. */
    pthread_mutex_lock(&closer->lock);
    if (closer->current == child) closer->current = NULL;
    pthread_mutex_unlock(&closer->lock);
    if (pid > 0)
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
        }
    free(child);
    pthread_mutex_lock(&closer->lock);
    closer->alive--;
    let_go(closer);
    return NULL;
}

struct closer *closer_open(void) {
    struct closer *closer = calloc(1, sizeof *closer);
    if (closer) pthread_mutex_init(&closer->lock, NULL);
    return closer;
}

/* The thread and its child are not to be reached by any signal but SIGKILL. */
static int start_thread(struct child *child) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&thread, NULL, supervise, child);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) pthread_detach(thread);
    return -failed;
}

int closer_start(struct closer *closer) {
    int bad = 0;
    pthread_mutex_lock(&closer->lock);
    if (!closer->current) {
        struct child *child = calloc(1, sizeof *child);
        bad = child ? 0 : -ENOMEM;
        if (child) {
            child->closer = closer;
            child->parent = getpid();
            bad = start_thread(child);
        }
        if (bad) {
            free(child);
        } else {
            closer->current = child;
            closer->alive++;
        }
    }
    pthread_mutex_unlock(&closer->lock);
    return bad;
}

int closer_push(struct closer *closer, int fd) {
    unsigned place = atomic_load(&closer->pushed);
    if (place - atomic_load(&closer->begun) >= RING_SIZE) return -EAGAIN;
    atomic_store(&closer->ring[place % RING_SIZE], fd);
    atomic_store(&closer->pushed, place + 1);
    ring_bell(closer);
    return 0;
}

struct closer_state closer_look(struct closer *closer) {
    struct closer_state state;
    pthread_mutex_lock(&closer->lock);
    const struct child *child = closer->current;
    /* In this order: a child is busy from before it moves `begun` until it has closed. */
    state.begun = atomic_load(&closer->begun);
    state.busy = child && atomic_load(&child->busy);
    state.running = child != NULL;
    state.stuck = closer->alive - state.running;
    state.waiting = atomic_load(&closer->pushed) - state.begun;
    pthread_mutex_unlock(&closer->lock);
    return state;
}

int closer_give_up(struct closer *closer) {
    pthread_mutex_lock(&closer->lock);
    /* One that is still to come has no number as yet, and is left alone. */
    pid_t pid = closer->current ? atomic_load(&closer->current->pid) : 0;
    if (pid > 0) {
        kill(pid, SIGKILL);
        closer->current = NULL;
    }
    pthread_mutex_unlock(&closer->lock);
    return pid > 0;
}

void closer_stop(struct closer *closer) {
    atomic_store(&closer->stop, 1);
    ring_bell(closer);
    closer_give_up(closer);
}

void closer_free(struct closer *closer) {
    pthread_mutex_lock(&closer->lock);
    closer->freed = 1;
    let_go(closer);
}
