import { resolve } from 'node:path';
import t from 'tap';
import { parseOptions, startHint } from '../../src/bin/fdbrokerd-options.js';

const env = { XDG_RUNTIME_DIR: '/run/user/7', XDG_CONFIG_HOME: '/home/x/conf' };
const parse = (...args: string[]) => parseOptions(args, env, '1.2.3');
const system = { config: '/etc/fdbroker/fdbroker.ini', socket: '/run/fdbroker/control', ownFolder: true, user: false };
const own = {
  config: '/home/x/conf/fdbroker/fdbroker.ini',
  socket: '/run/user/7/fdbroker/control',
  ownFolder: true,
  user: true,
};

t.test('where things are', async (t) => {
  t.same(parse()._unsafeUnwrap(), system);
  t.same(parse('--user')._unsafeUnwrap(), own);
  const elsewhere = { config: '/a.ini', socket: '/b', ownFolder: false };
  t.same(parse('--config=/a.ini', '--socket', '/b')._unsafeUnwrap(), { ...elsewhere, user: false });
  t.match(parse('--config=a.ini')._unsafeUnwrap(), { config: resolve('a.ini') });
  t.same(parse('--config=/a.ini', '--socket=/b', '--user')._unsafeUnwrap(), { ...elsewhere, user: true });
  t.match(parse('--socket=/run/fdbroker/control')._unsafeUnwrap(), { ownFolder: true }, 'the usual place, by name');
  t.match(parse('--user', '--socket=/run/fdbroker/control')._unsafeUnwrap(), { ownFolder: false });
  const home = parseOptions(['--user'], { ...env, XDG_CONFIG_HOME: '' }, '');
  t.match(home._unsafeUnwrap(), { config: /\/\.config\/fdbroker\/fdbroker\.ini$/ });
  t.match(parseOptions(['--user'], {}, '')._unsafeUnwrapErr(), /^XDG_RUNTIME_DIR is not set; .*--socket=PATH$/);
  t.match(parseOptions(['--user', '--socket=/b'], {}, '')._unsafeUnwrap(), { socket: '/b', ownFolder: false });
});

t.test('what is printed, and what is wrong', async (t) => {
  t.equal(parse('--version')._unsafeUnwrap(), 'fdbrokerd 1.2.3\n');
  t.match(parse('--help', '--user')._unsafeUnwrap(), /^Usage: fdbrokerd \[--config FILE\]/);
  for (const args of [['--colour'], ['x'], ['--socket'], ['--user=yes']]) {
    t.match(parse(...args)._unsafeUnwrapErr(), /; fdbrokerd --help lists the options$/, args.join(' '));
  }
});

t.test('--user is hinted at where it may have been meant', async (t) => {
  t.match(startHint(system, 1000, {}), /^\nfdbrokerd: .*add --user$/);
  t.equal(startHint(system, 0, {}), '');
  t.equal(startHint(own, 1000, {}), '');
  t.equal(startHint(system, 1000, { NOTIFY_SOCKET: '/run/systemd/notify' }), '', 'a service');
});
