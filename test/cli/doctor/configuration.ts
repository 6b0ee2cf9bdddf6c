import { err, ok, type Result } from 'neverthrow';
import t from 'tap';
import { examineConfiguration } from '../../../src/cli/doctor/configuration.js';
import type { Config, ConfigError } from '../../../src/core/config.js';
import { fakeHost, lines } from '../../support/fake-host.js';
import { allowRule, bridgeNetwork, testConfig } from '../../support/policy.js';

const file = '/etc/fdbroker/fdbroker.ini';
const there = fakeHost({ files: { [file]: '' } });
const found = (config: Result<Config, readonly ConfigError[]>, own = true, host = there) =>
  lines(examineConfiguration(host, { file, config, own }));
const error: ConfigError = { tag: 'config', file, line: 3, what: 'it is odd' };

t.same(found(ok(testConfig([bridgeNetwork()], [allowRule()]))), [`ok ${file}: 1 network, 1 rule`]);
t.same(found(err([error])), [`problem ${file}:3: it is odd | fdbroker check ${file}`]);
t.match(found(err([error, error, error])), [/it is odd, and 2 errors more \|/]);
t.same(found(err([error]), false), [], "another's file");
t.match(found(err([error]), true, fakeHost()), [/^problem there is no \S+ \| write it/]);
