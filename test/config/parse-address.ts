import t from 'tap';
import { parseGroup, parseHostAddress } from '../../src/config/parse-address.js';

t.test('addresses of groups and of hosts', async (t) => {
  for (const group of ['224.0.0.1', '239.255.255.255', 'ff02::1']) {
    t.equal(parseGroup(group)._unsafeUnwrap(), group);
    t.match(parseHostAddress(group)._unsafeUnwrapErr().what, /is a group's address; name a host's/);
  }
  for (const host of ['192.0.2.7', '127.0.0.1', '2001:db8::7', '::1']) {
    t.equal(parseHostAddress(host)._unsafeUnwrap(), host);
    t.match(parseGroup(host)._unsafeUnwrapErr().what, /is no group's address/);
  }
  for (const none of ['', '192.0.2', '192.0.2.7/24', '[2001:db8::7]', '0.0.0.0', '::', 'fe80::1', 'fe80::1%eth0']) {
    t.ok(parseHostAddress(none).isErr(), none);
    t.ok(parseGroup(none).isErr(), none);
  }
});
