/* What the broker does to its own process, and how it names others. See process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int answer(int returned) {
    return returned < 0 ? -errno : returned;
}

int lock_file(int fd) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 1;
    return errno == EWOULDBLOCK ? 0 : -errno;
}

static int limit_bounding_set(uint32_t keep) {
    for (int capability = 0;; capability++) {
        int in_set = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (in_set < 0) return errno == EINVAL ? 0 : -errno;
        if (!in_set || (capability < 32 && keep >> capability & 1)) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return errno == EPERM ? 0 : -errno;
    }
}

int limit_capabilities(uint32_t keep) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
    int bad = limit_bounding_set(keep);
    if (bad) return bad;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -errno;
    if (syscall(SYS_capget, &header, words) < 0) return -errno;
    uint32_t kept = words[0].permitted & keep;
    memset(words, 0, sizeof words);
    words[0] = (struct __user_cap_data_struct){.effective = kept, .permitted = kept, .inheritable = kept};
    if (syscall(SYS_capset, &header, words) < 0) return -errno;
    for (int capability = 0; capability < 32; capability++) {
        if (!(kept >> capability & 1)) continue;
        /* EPERM: securebits(7) forbid ambient capabilities, and root needs none. */
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0 && errno != EPERM) return -errno;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
    return answer(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int never_wait(int fd) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return 0;
    int flags = fcntl(fd, F_GETFL);
    return answer(flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

int keep_on_exec(int fd) {
    return answer(fcntl(fd, F_SETFD, 0));
}

int close_on_exec(int fd) {
    return answer(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static int is_in(uint64_t signals, int number) {
    return signals >> (number - 1) & 1;
}

/* Handlers are left: execve(2) makes them the default action. before gets what there was. */
static void set_ignored(uint64_t ignored, struct sigaction before[NSIG]) {
    struct sigaction standard = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
    for (int number = 1; number < NSIG; number++) {
        /* Fails for the few that are not to be changed. */
        if (sigaction(number, NULL, &before[number]) < 0) before[number] = standard;
        if (is_in(ignored, number))
            sigaction(number, &ignore, NULL);
        else if (before[number].sa_handler == SIG_IGN)
            sigaction(number, &standard, NULL);
    }
}

static void set_blocked(uint64_t blocked, sigset_t *before) {
    sigset_t set;
    sigemptyset(&set);
    for (int number = 1; number < NSIG; number++)
        if (is_in(blocked, number)) sigaddset(&set, number);
    sigprocmask(SIG_SETMASK, &set, before);
}

int exec_in_place(const char *file, char *const arguments[], char *const environment[],
                  const struct beginning *beginning) {
    struct sigaction actions[NSIG];
    sigset_t blocked;
    struct rlimit files, lower;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) fcntl(fd, F_SETFD, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) return -errno;
    lower = files;
    if (beginning->open_files > 0 && beginning->open_files < files.rlim_cur) lower.rlim_cur = beginning->open_files;
    set_ignored(beginning->ignored, actions);
    set_blocked(beginning->blocked, &blocked);
    int bad = setrlimit(RLIMIT_NOFILE, &lower);
    if (bad == 0) execve(file, arguments, environment);
    bad = -errno;
    setrlimit(RLIMIT_NOFILE, &files);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    for (int number = 1; number < NSIG; number++) sigaction(number, &actions[number], NULL);
    return bad;
}

int notify(const char *address, const char *message) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(address);
    if (address[0] != '/' && address[0] != '@') return -EAFNOSUPPORT;
    if (length >= sizeof to.sun_path) return -ENAMETOOLONG;
    memcpy(to.sun_path, address, length);
    if (to.sun_path[0] == '@') to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct timeval second = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    /* The length of an abstract name counts: it has no end but that. */
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&to, size);
    int result = sent < 0 ? -errno : 0;
    close(fd);
    return result;
}

int open_pidfd(int pid) {
    return answer((int)syscall(SYS_pidfd_open, pid, 0));
}
