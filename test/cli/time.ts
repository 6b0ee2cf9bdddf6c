import t from 'tap';
import { formatAge, formatTime } from '../../src/cli/time.js';

const ages: [number, string][] = [
  [-5, '0s'],
  [0, '0s'],
  [59.9, '59s'],
  [60, '1m'],
  [3599, '59m'],
  [3600, '1h00m'],
  [11_100, '3h05m'],
  [86_399, '23h59m'],
  [86_400, '1d00h'],
  [400 * 86_400, '400d00h'],
];
for (const [seconds, text] of ages) t.equal(formatAge(seconds), text, `${seconds} s`);

t.equal(formatTime(new Date(2026, 0, 31, 23, 5, 9).getTime() / 1000), '2026-01-31 23:05:09', 'local time');
t.equal(formatTime(Number.MAX_VALUE), '?', 'no such time');
