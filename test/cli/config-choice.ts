import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import t from 'tap';
import { chooseConfig } from '../../src/cli/config-choice.js';
import { TestWorld } from '../support/fdbroker.js';

const system = '/etc/fdbroker/fdbroker.ini';
const root = new TestWorld({ uid: 0, env: { XDG_CONFIG_HOME: '/home/of/root' } });
const user = new TestWorld({ uid: 1000, env: { XDG_CONFIG_HOME: '/home/of/user' } });

t.same(chooseConfig('x.ini', {}, root), { file: 'x.ini', owner: 0 });
t.same(chooseConfig('x.ini', {}, user), { file: 'x.ini', owner: 1000 }, "what is named may be one's own");
t.same(chooseConfig('/etc/../etc/fdbroker/fdbroker.ini', {}, user), {
  file: '/etc/../etc/fdbroker/fdbroker.ini',
  owner: 0,
});

t.same(chooseConfig(undefined, {}, root), { file: system, owner: 0 });
const own = { file: '/home/of/user/fdbroker/fdbroker.ini', owner: 1000 };
t.same(chooseConfig(undefined, {}, user), existsSync(system) ? { file: system, owner: 0 } : own);

const mode = { 'user-mode': true };
t.same(chooseConfig(undefined, mode, user), own);
t.same(chooseConfig(undefined, mode, root), { file: '/home/of/root/fdbroker/fdbroker.ini', owner: 0 });
const bare = new TestWorld({ uid: 1000 });
t.equal(chooseConfig(undefined, mode, bare).file, `${homedir()}/.config/fdbroker/fdbroker.ini`);
