/* Pipes (pipe(7)). */
#ifndef FDBROKER_PIPE_H
#define FDBROKER_PIPE_H

/* The reading end, which is blocking, then the writing one, which is not; both are close-on-exec. Returns 0 or -errno.
 */
int open_pipe(int ends[2]);

#endif
