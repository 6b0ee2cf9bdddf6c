/** Takes apart what the kernel answers: the messages of a datagram, acknowledgements and errors (netlink(7)). */
import { native } from '../native.js';
import { Attributes } from './attributes.js';
import { align, type NetlinkBytes } from './bytes.js';

const { nlmsghdr: header, nlmsgerr, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, NLMSGERR_ATTR_MSG } = native.constants;
const lengthAt = native.constants['nlmsghdr.nlmsg_len'];
const typeAt = native.constants['nlmsghdr.nlmsg_type'];
const flagsAt = native.constants['nlmsghdr.nlmsg_flags'];
const sequenceAt = native.constants['nlmsghdr.nlmsg_seq'];
const errorAt = native.constants['nlmsgerr.error'];
const errnoSize = 4;
const requestAt = native.constants['nlmsgerr.msg'];

/** One message: its header's fields, and where it lies in the memory it was read from. */
export interface Answer {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Offset in bytes of what follows the header. */
  readonly at: number;
  /** Offset behind the last byte. */
  readonly end: number;
}

/** The messages of a datagram, which fills the memory's first `received` bytes. */
export function readAnswers({ u16, u32 }: NetlinkBytes, received: number): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at + header <= received; ) {
    const length = u32[(at + lengthAt) >> 2] as number;
    if (length < header) break;
    answers.push({
      type: u16[(at + typeAt) >> 1] as number,
      flags: u16[(at + flagsAt) >> 1] as number,
      sequence: u32[(at + sequenceAt) >> 2] as number,
      at: at + header,
      end: Math.min(at + length, received),
    });
    at += align(length);
  }
  return answers;
}

/** NLMSG_ERROR and NLMSG_DONE begin with it: 0 or -errno. */
export function readErrno(memory: NetlinkBytes, { at, end }: Answer): number {
  return at + errorAt + errnoSize <= end ? (memory.u32[(at + errorAt) >> 2] as number) | 0 : 0;
}

/** The kernel's own words in an NLMSG_ERROR or NLMSG_DONE (NETLINK_EXT_ACK), where there are any. */
export function readExplanation(memory: NetlinkBytes, answer: Answer): string | undefined {
  if ((answer.flags & NLM_F_ACK_TLVS) === 0) return undefined;
  const from = answer.at + (answer.type === NLMSG_ERROR ? align(echoedSize(memory, answer)) : errnoSize);
  const words = new Attributes(memory, from, answer.end).text(NLMSGERR_ATTR_MSG);
  return words === '' ? undefined : words;
}

/** An NLMSG_ERROR gives back the request: its header alone when NLM_F_CAPPED. */
function echoedSize(memory: NetlinkBytes, { at, flags }: Answer): number {
  if ((flags & NLM_F_CAPPED) !== 0) return nlmsgerr;
  return requestAt + (memory.u32[(at + requestAt + lengthAt) >> 2] as number);
}
