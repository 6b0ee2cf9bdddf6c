/** The exit statuses of fdbroker(1). They are a public interface. */
export const exitStatus = {
  ok: 0,
  /** A check found errors, a verdict or the broker says no. */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No broker, no access to it, or no answer that makes sense. */
  unreachable: 3,
  /** fdbroker itself failed: a bug, or nowhere to write to. */
  trouble: 4,
  /** The command to be started is there and cannot be. */
  cannotRun: 126,
  /** The command to be started is not there. */
  noProgram: 127,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];
