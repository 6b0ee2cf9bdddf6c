import t from 'tap';
import { formatEndpoint, notUnicast, parseEndpoint } from '../../src/core/endpoint.js';

t.test('what is read is written as it was', async (t) => {
  for (const text of ['127.0.0.1:1', '0.0.0.0:65535', '[::1]:7001', '[2001:db8::7]:80', '[::ffff:192.0.2.7]:80']) {
    t.equal(formatEndpoint(parseEndpoint(text)._unsafeUnwrap()), text);
  }
});

t.test('what is no address and port', async (t) => {
  const table: [string, RegExp][] = [
    ['', /not a numeric address/],
    ['7001', /not a numeric address/],
    [':7001', /not a numeric address/],
    ['localhost:7001', /names are not looked up/],
    ['::1:7001', /not a numeric address/],
    ['[127.0.0.1]:7001', /not a numeric address/],
    ['1.2.3:7001', /not a numeric address/],
    ['01.2.3.4:7001', /not a numeric address/],
    ['127.0.0.1:7001 ', /not a numeric address/],
    ['127.0.0.1:0x1b', /not a numeric address/],
    ['127.0.0.1:0', /no port from 1 to 65535/],
    ['127.0.0.1:65536', /no port from 1 to 65535/],
    ['127.0.0.1:080', /no port from 1 to 65535/],
    ['[fe80::1%eth0]:7001', /link-local address/],
    ['[FEBF::1]:7001', /link-local address/],
  ];
  for (const [text, expected] of table) t.match(parseEndpoint(text)._unsafeUnwrapErr().what, expected, text);
});

t.test('addresses that are no host’s', async (t) => {
  const reason = (text: string) => notUnicast(parseEndpoint(text)._unsafeUnwrap());
  for (const text of ['192.0.2.7:1', '127.0.0.1:1', '223.255.255.255:1', '[::1]:1', '[fe00::1]:1', '[f::1]:1']) {
    t.equal(reason(text), undefined, text);
  }
  for (const text of ['224.0.0.1:1', '239.9.9.9:1', '[ff02::1]:1', '[FF05::2]:1']) t.match(reason(text), /a group's/);
  t.match(reason('255.255.255.255:1'), /everybody's/);
  for (const text of ['0.0.0.0:1', '[::]:1', '[0:0::0]:1', '[::0.0.0.0]:1']) t.match(reason(text), /no host's/, text);
});
