import t from 'tap';
import { type Answer, readAnswers, readErrno, readExplanation } from '../../../src/kernel/netlink/answers.js';
import { memoryOf } from '../../support/netlink.js';

t.test('the messages of a datagram', async (t) => {
  const { memory, size } = memoryOf(`
    11000000 1000 0200 07000000 00000000 aa 000000   # one byte of payload, padded
    10000000 0300 0200 08000000 00000000`);
  t.same(readAnswers(memory, size), [
    { type: 16, flags: 2, sequence: 7, at: 16, end: 17 },
    { type: 3, flags: 2, sequence: 8, at: 36, end: 36 },
  ]);
});

t.test('a datagram that was cut off', async (t) => {
  const { memory } = memoryOf('18000000 1000 0000 07000000 00000000 aabbccdd eeff0011');
  t.same(readAnswers(memory, 20), [{ type: 16, flags: 0, sequence: 7, at: 16, end: 20 }]);
  t.same(readAnswers(memory, 15), []);
  t.same(readAnswers(memoryOf('0f000000 1000 0000 07000000 00000000').memory, 16), [], 'shorter than its header');
});

/** NLMSG_ERROR and NLMSG_DONE as the kernel sends them, and what they say. */
const outcomes = [
  {
    what: 'an acknowledgement (NLM_F_CAPPED)',
    bytes: '24000000 0200 0001 07000000 00000000  00000000  28000000 1000 0506 07000000 00000000',
    errno: 0,
    explanation: undefined,
  },
  {
    what: 'an error without words',
    bytes: '24000000 0200 0001 07000000 00000000  edffffff  28000000 1000 0506 07000000 00000000',
    errno: -19,
    explanation: undefined,
  },
  {
    what: 'an error with words after the cut request (NLM_F_CAPPED, NLM_F_ACK_TLVS)',
    bytes: `38000000 0200 0003 07000000 00000000  eaffffff  28000000 1000 0506 07000000 00000000
      0800 0200 20000000          # NLMSGERR_ATTR_OFFS
      0900 0100 4e6f706500 000000 # NLMSGERR_ATTR_MSG`,
    errno: -22,
    explanation: 'Nope',
  },
  {
    what: 'an error with words after the whole request, of 17 bytes',
    bytes: `34000000 0200 0002 07000000 00000000  eaffffff  11000000 1000 0506 07000000 00000000 aa000000
      0900 0100 4e6f706500 000000`,
    errno: -22,
    explanation: 'Nope',
  },
  {
    what: 'the end of a dump',
    bytes: '14000000 0300 0200 07000000 00000000  00000000',
    errno: 0,
    explanation: undefined,
  },
  {
    what: 'a dump that failed, with words',
    bytes: '20000000 0300 0202 07000000 00000000  a1ffffff  0900 0100 4e6f706500 000000',
    errno: -95,
    explanation: 'Nope',
  },
  {
    what: 'an end of dump without a number',
    bytes: '10000000 0300 0200 07000000 00000000',
    errno: 0,
    explanation: undefined,
  },
];

for (const { what, bytes, errno, explanation } of outcomes) {
  t.test(what, async (t) => {
    const { memory, size } = memoryOf(bytes);
    const answers = readAnswers(memory, size);
    t.equal(answers.length, 1);
    t.equal(readErrno(memory, answers[0] as Answer), errno);
    t.equal(readExplanation(memory, answers[0] as Answer), explanation);
  });
}
