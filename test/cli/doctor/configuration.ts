import { err, ok, type Result } from 'neverthrow';
import t from 'tap';
import { examineConfiguration } from '../../../src/cli/doctor/configuration.js';
import type { Config, ConfigError } from '../../../src/core/config.js';
import { fakeHost, lines } from '../../support/fake-host.js';
import { allowRule, bridgeNetwork, name, testConfig } from '../../support/policy.js';
import { tcpNetwork, udpNetwork } from '../../support/socket-networks.js';

const file = '/etc/fdbroker/fdbroker.ini';
const there = fakeHost({ files: { [file]: '' } });
const found = (config: Result<Config, readonly ConfigError[]>, own = true, host = there) =>
  lines(examineConfiguration(host, { file, config, own }));
const error: ConfigError = { tag: 'config', file, line: 3, what: 'it is odd' };

t.same(found(ok(testConfig([bridgeNetwork()], [allowRule()]))), [`ok ${file}: 1 network, 1 rule`]);
const sharing = testConfig(
  [udpNetwork('192.0.2.1:500'), { ...tcpNetwork('listen', '[::1]:600'), name: name('t') }],
  [],
);
t.match(found(ok(sharing)), [/^ok /, /^hint test.ini:1: has port 500, .* below 1024/, /^hint .* port 600/]);
const settings = fakeHost({ files: { [file]: '', '/proc/sys/net/ipv4/ip_unprivileged_port_start': '501' } });
t.match(found(ok(sharing), true, settings), [/^ok /, /^hint .*has port 500, .* below 501/]);
t.equal(found(ok(sharing), true, settings).length, 2);
t.same(found(err([error])), [`problem ${file}:3: it is odd | fdbroker check ${file}`]);
t.match(found(err([error, error, error])), [/it is odd, and 2 errors more \|/]);
t.same(found(err([error]), false), [], "another's file");
t.match(found(err([error]), true, fakeHost()), [/^problem there is no \S+ \| write it/]);
const refusals = [{ ...error, what: '[network lab] will have no guest: /etc/lab.key is not there' }];
t.match(lines(examineConfiguration(there, { file, config: ok(testConfig([], [])), refusals, own: true })), [
  /^ok /,
  /^problem .*:3: \[network lab\] will have no guest/,
]);
