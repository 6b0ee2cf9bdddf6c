/** The addon's calls for how the kernel treats a thread (realtime.h). Every number returned is 0, or -errno. */
export interface RealtimeCalls {
  /** Of the calling thread. */
  pinThread(processors: Int32Array): number;
  /** SCHED_FIFO, for the calling thread. */
  scheduleThread(priority: number): number;
  lockMemory(): number;
}
