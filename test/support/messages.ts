/** The messages of test/protocol/fixtures, which the C tests read too, and random damage done to them. */
import { readFileSync } from 'node:fs';
import type { Failure } from '../../src/protocol/reply.js';
import type { Request } from '../../src/protocol/request.js';
import { inProject } from './project.js';

type Kind = 'requests' | 'bad-requests' | 'replies' | 'bad-replies';

interface Index {
  readonly requests: Readonly<Record<string, Request>>;
  /** What the error says. */
  readonly 'bad-requests': Readonly<Record<string, string>>;
  readonly replies: Readonly<
    Record<string, { status: 'ok'; fields: Record<string, string> } | { status: Failure; message: string }>
  >;
  readonly 'bad-replies': readonly string[];
}

const folder = inProject('test/protocol/fixtures');

export const index: Index = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8'));

export function fixture(kind: Kind, name: string): Buffer {
  return readFileSync(`${folder}/${kind}/${name}.msg`);
}

// Bytes on which a parser decides: line ends, blanks, controls, the edges of UTF-8.
const telling = [
  0, 9, 10, 13, 32, 45, 61, 97, 122, 123, 127, 128, 159, 160, 168, 191, 192, 194, 224, 226, 237, 244, 255,
];

/** The message with one to four bytes changed, put in, taken out, doubled or cut off. */
export function damage(message: Uint8Array, random: (limit: number) => number): Buffer {
  let bytes = [...message];
  for (let times = random(4) + 1; times > 0; times--) {
    const at = random(bytes.length + 1);
    const byte = random(2) === 0 ? random(256) : (telling[random(telling.length)] ?? 0);
    const end = at + random(20);
    switch (random(6)) {
      case 0:
        bytes[Math.min(at, bytes.length)] = byte;
        break;
      case 1:
        bytes.splice(at, 0, byte);
        break;
      case 2:
        bytes.splice(at, end - at);
        break;
      case 3:
        bytes.splice(random(bytes.length + 1), 0, ...bytes.slice(at, end));
        break;
      case 4:
        bytes.splice(at, 0, ...(lines[random(lines.length)] ?? []));
        break;
      default:
        bytes = bytes.slice(0, at);
    }
  }
  return Buffer.from(bytes);
}

const lines = [
  '\nstatus=ok\n',
  '\nmessage=x\n',
  'status=denied\n',
  '\nmac=',
  '=',
  '\n',
  'é',
  '\u2028',
  '\ud83d\ude00',
].map((text) => [...Buffer.from(text)]);
