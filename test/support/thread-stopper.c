/* Stops the thread whose id is its argument, and no other of that process (ptrace(2)), for as long as it runs itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv) {
    const pid_t thread = argc == 2 ? (pid_t)atoi(argv[1]) : 0;
    prctl(PR_SET_PDEATHSIG, 9);
    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0) {
        perror("ptrace");
        return 1;
    }
    int status = 0;
    if (waitpid(thread, &status, __WALL) < 0) return 1;
    puts("stopped");
    fflush(stdout);
    while (WIFSTOPPED(status) && waitpid(thread, &status, __WALL) >= 0) continue;
    return 0;
}
