/** What can go wrong between a program and the broker, and the sentence for each. */
import type { Failure } from '../protocol/reply.js';

export type ClientError =
  /** What was asked for cannot be; nobody was asked. */
  | { readonly tag: 'bad-request'; readonly what: string }
  /** The path cannot name a socket. */
  | { readonly tag: 'bad-path'; readonly what: string }
  /** `missing`: no such file; `dead`: a socket file that nobody listens on. */
  | { readonly tag: 'no-broker'; readonly socket: string; readonly reason: 'missing' | 'dead' }
  | { readonly tag: 'no-access'; readonly socket: string; readonly gate: Gate | undefined }
  /** Something else answers there. */
  | { readonly tag: 'not-a-broker'; readonly socket: string; readonly what: string }
  | { readonly tag: 'timeout'; readonly socket: string; readonly stage: 'connect' | 'reply'; readonly seconds: number }
  /** The connection ended without an answer. */
  | { readonly tag: 'closed'; readonly socket: string }
  /** An answer that this version cannot read. */
  | { readonly tag: 'garbage'; readonly socket: string; readonly what: string }
  | { readonly tag: 'sys'; readonly call: string; readonly code: string }
  /** The broker answered, and did not do it. `message` is its sentence, `lines` what it said besides. */
  | {
      readonly tag: 'refused';
      readonly status: Failure;
      readonly message: string;
      readonly lines?: readonly string[];
    };

/** The file whose permissions stand in the way. */
export interface Gate {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly directory: boolean;
}

/** Names for the numbers in an error; numbers are shown where there is none. */
export interface Names {
  userName(uid: number): string | undefined;
  groupName(gid: number): string | undefined;
}

const numbersOnly: Names = { userName: () => undefined, groupName: () => undefined };

/** One sentence, without a full stop: what is wrong, and what to do. */
export function describeClientError(error: ClientError, names: Names = numbersOnly): string {
  switch (error.tag) {
    case 'bad-request':
      return error.what;
    case 'bad-path':
      return `the socket path ${error.what}; give another with --socket or FDBROKER_SOCKET`;
    case 'no-broker':
      return error.reason === 'missing'
        ? `no broker is running: ${error.socket} does not exist; start fdbrokerd, or name its socket with --socket or FDBROKER_SOCKET`
        : `no broker is running: nobody listens on ${error.socket}; start fdbrokerd, which replaces the stale socket`;
    case 'no-access':
      return `permission denied at ${error.socket}: ${describeGate(error.gate, names)}`;
    case 'not-a-broker':
      return `${error.socket} is not a broker's control socket: ${error.what}; name the right one with --socket or FDBROKER_SOCKET`;
    case 'timeout':
      return error.stage === 'connect'
        ? `the broker at ${error.socket} has accepted no connection for ${error.seconds} s; it is stopped or overloaded`
        : `the broker at ${error.socket} has not answered for ${error.seconds} s; it is stopped or overloaded`;
    case 'closed':
      return `the broker at ${error.socket} closed the connection without an answer; it is stopping, or you have too many connections: try again`;
    case 'garbage':
      return `the answer from ${error.socket} makes no sense: ${error.what}; is the broker of the same version?`;
    case 'sys':
      return `${error.call}: ${error.code}`;
    case 'refused':
      return error.message;
  }
}

function describeGate(gate: Gate | undefined, names: Names): string {
  if (gate === undefined) return 'a directory on the way may not be searched by you';
  const what = gate.directory ? `the directory ${gate.path}` : 'the socket';
  const group = names.groupName(gate.gid) ?? String(gate.gid);
  if (gate.mode & (gate.directory ? 0o010 : 0o020) && gate.gid !== 0) {
    return `${what} is open to the group ${group}; join it (usermod -aG ${group} YOU) and log in again, or ask an administrator`;
  }
  const user = names.userName(gate.uid) ?? (gate.uid === 0 ? 'root' : String(gate.uid));
  return `${what} is open to the user ${user} alone; ask an administrator (socket-group in fdbroker.ini), or start a broker of your own: fdbrokerd --user`;
}
