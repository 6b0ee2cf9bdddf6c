import t from 'tap';
import { parseEndpoint } from '../../src/config/parse-endpoint.js';

t.test('IPv4, and IPv6 in brackets', async (t) => {
  t.same(parseEndpoint('192.0.2.7:7001')._unsafeUnwrap(), { address: '192.0.2.7', port: 7001 });
  t.same(parseEndpoint('[2001:db8::7]:1')._unsafeUnwrap(), { address: '2001:db8::7', port: 1 });
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
