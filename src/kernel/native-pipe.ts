/** The addon's call for pipes (pipe.h). */
export interface PipeCalls {
  /** `ends` gets the reading end, which is blocking, and the writing one, which is not. @returns 0 or -errno. */
  openPipe(ends: Int32Array): number;
}
