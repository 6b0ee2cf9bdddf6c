import t from 'tap';
import type { Mac } from '../../../src/core/mac.js';
import {
  askForLink,
  askForLinks,
  changeAddress,
  joinBridge,
  leaveBridge,
  portUp,
  removeLink,
} from '../../../src/kernel/netlink/link-requests.js';
import { built, written } from '../../support/netlink.js';

const enslavement = { mtu: 1400, address: 'fe:fd:1a:2b:3c:4d' as Mac, alias: 'fdbroker', master: 3 };
const joining = `
  0a00 0100 fefd1a2b3c4d 0000   # IFLA_ADDRESS
  0800 0400 78050000            # IFLA_MTU
  0c00 1400 666462726f6b6572    # IFLA_IFALIAS, without a NUL
  0800 0a00 03000000            # IFLA_MASTER`;

const requests = [
  {
    what: 'a link by its ifindex',
    build: built((message) => askForLink(message, { ifindex: 5 })),
    bytes: `28000000 1200 0100 07000000 00000000   00000000 05000000 00000000 00000000
      0800 1d00 08000000            # IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS`,
  },
  {
    what: 'a link by its name',
    build: built((message) => askForLink(message, { name: 'br0' })),
    bytes: `30000000 1200 0100 07000000 00000000   00000000 00000000 00000000 00000000
      0700 0300 627230 00           # IFLA_IFNAME
      0800 1d00 08000000`,
  },
  {
    what: 'all links',
    build: built((message) => askForLinks(message)),
    bytes: `28000000 1200 0103 07000000 00000000   00000000 00000000 00000000 00000000
      0800 1d00 08000000`,
  },
  {
    what: 'all links of a kind',
    build: built((message) => askForLinks(message, 'vlan')),
    bytes: `34000000 1200 0103 07000000 00000000   00000000 00000000 00000000 00000000
      0800 1d00 08000000  0c00 1280  0800 0100 766c616e   # IFLA_LINKINFO, IFLA_INFO_KIND`,
  },
  {
    what: 'joining a bridge, not up',
    build: built((message) => joinBridge(message, 5, enslavement, true)),
    bytes: `58000000 1000 0500 07000000 00000000   00000000 05000000 00000000 00000000 ${joining}
      1000 1a80  0c00 0a80  0500 0800 01 000000   # IFLA_AF_SPEC, AF_INET6, IFLA_INET6_ADDR_GEN_MODE: none`,
  },
  {
    what: 'joining a bridge where there is no IPv6',
    build: built((message) => joinBridge(message, 5, enslavement, false)),
    bytes: `48000000 1000 0500 07000000 00000000   00000000 05000000 00000000 00000000 ${joining}`,
  },
  {
    what: 'port flags and up in one',
    build: built((message) =>
      portUp(message, 5, { learning: false, locked: true, isolated: true, hairpin: true, flood: false }),
    ),
    bytes: `5c000000 1000 0500 07000000 00000000   00000000 05000000 01000000 01000000
      3c00 1280                     # IFLA_LINKINFO
      0a00 0400 627269646765 0000   # IFLA_INFO_SLAVE_KIND: bridge
      2c00 0580                     # IFLA_INFO_SLAVE_DATA
      0500 0800 00 000000           # IFLA_BRPORT_LEARNING
      0500 2700 01 000000           # IFLA_BRPORT_LOCKED
      0500 2100 01 000000           # IFLA_BRPORT_ISOLATED
      0500 0400 01 000000           # IFLA_BRPORT_MODE
      0500 0900 00 000000           # IFLA_BRPORT_UNICAST_FLOOD`,
  },
  {
    what: 'up, and no port flag changed',
    build: built((message) => portUp(message, 5, {})),
    bytes: `34000000 1000 0500 07000000 00000000   00000000 05000000 01000000 01000000
      1400 1280  0a00 0400 627269646765 0000  0400 0580`,
  },
  {
    what: 'down and out of the bridge',
    build: built((message) => leaveBridge(message, 5)),
    bytes: `28000000 1000 0500 07000000 00000000   00000000 05000000 00000000 01000000
      0800 0a00 00000000`,
  },
  {
    what: 'an address',
    build: built((message) => changeAddress(message, 5, enslavement.address)),
    bytes: `2c000000 1000 0500 07000000 00000000   00000000 05000000 00000000 00000000
      0a00 0100 fefd1a2b3c4d 0000`,
  },
  {
    what: 'deletion',
    build: built((message) => removeLink(message, 5)),
    bytes: '20000000 1100 0500 07000000 00000000   00000000 05000000 00000000 00000000',
  },
];

for (const { what, build, bytes } of requests) t.test(what, async (t) => t.same(build, written(bytes)));
