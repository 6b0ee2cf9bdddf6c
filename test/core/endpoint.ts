import t from 'tap';
import { parseEndpoint } from '../../src/config/parse-endpoint.js';
import { formatEndpoint, isGroup, notUnicast } from '../../src/core/endpoint.js';

t.test('what is read is written as it was', async (t) => {
  for (const text of ['127.0.0.1:1', '0.0.0.0:65535', '[::1]:7001', '[2001:db8::7]:80', '[::ffff:192.0.2.7]:80']) {
    t.equal(formatEndpoint(parseEndpoint(text)._unsafeUnwrap()), text);
  }
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

t.test('addresses of groups', async (t) => {
  for (const address of ['224.0.0.0', '239.255.255.255', 'ff00::', 'FF05::2']) t.ok(isGroup(address), address);
  for (const address of ['223.255.255.255', '240.0.0.0', 'fe00::1', 'ff::1', '::ffff:239.1.2.3']) {
    t.notOk(isGroup(address), address);
  }
});
