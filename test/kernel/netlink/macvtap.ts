import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Mac } from '../../../src/core/mac.js';
import { claimMacvtap, createMacvtap, raiseMacvtap } from '../../../src/kernel/netlink/macvtap.js';
import { built, written } from '../../support/netlink.js';
import { inProject } from '../../support/project.js';

const address = '52:54:00:12:34:56' as Mac;
const claim = { address, alias: 'fdbroker' };
const claiming = `
  0a00 0100 525400123456 0000   # IFLA_ADDRESS
  0c00 1400 666462726f6b6572    # IFLA_IFALIAS, without a NUL`;

/** @param mode as linux/if_link.h numbers it. */
const creation = (mode: string) => `
  68000000 1000 0506 07000000 00000000   00000000 05000000 00000000 00000000   # NLM_F_CREATE, NLM_F_EXCL; ifindex 5
  0800 0300 66646231            # IFLA_IFNAME
  0800 0500 03000000            # IFLA_LINK
  0a00 0100 525400123456 0000   # IFLA_ADDRESS
  0800 0400 78050000            # IFLA_MTU
  0800 1b00 72626466            # IFLA_GROUP
  1c00 1280                     # IFLA_LINKINFO
  0b00 0100 6d616376746170 00   # IFLA_INFO_KIND: macvtap
  0c00 0280  0800 0100 ${mode}  # IFLA_INFO_DATA, IFLA_MACVLAN_MODE`;

const modes = { private: '01000000', vepa: '02000000', bridge: '04000000', passthru: '08000000' } as const;

for (const [mode, number] of Object.entries(modes) as [keyof typeof modes, string][]) {
  t.test(`a macvtap with mode ${mode}, of our group`, async (t) => {
    const plan = { parent: 3, mode, mtu: 1400, address };
    t.same(
      built((message) => createMacvtap(message, 'fdb1', 5, plan)),
      written(creation(number)),
    );
  });
}

t.test('the udev rule goes by the same group', async (t) => {
  const rule = readFileSync(inProject('conf/udev/60-fdbroker.rules'), 'utf8');
  t.match(rule, `ATTRS{netdev_group}=="${0x66_64_62_72}"`);
});

t.test('its alias and address, and no IPv6 of its own', async (t) => {
  t.same(
    built((message) => claimMacvtap(message, 5, claim, true)),
    written(`48000000 1000 0500 07000000 00000000   00000000 05000000 00000000 00000000 ${claiming}
      1000 1a80  0c00 0a80  0500 0800 01 000000   # IFLA_AF_SPEC, AF_INET6, IFLA_INET6_ADDR_GEN_MODE: none`),
  );
  t.same(
    built((message) => claimMacvtap(message, 5, claim, false)),
    written(`38000000 1000 0500 07000000 00000000   00000000 05000000 00000000 00000000 ${claiming}`),
    'where there is no IPv6',
  );
});

t.test('up, by itself', async (t) => {
  t.same(
    built((message) => raiseMacvtap(message, 5)),
    written('20000000 1000 0500 07000000 00000000   00000000 05000000 01000000 01000000'),
  );
});
