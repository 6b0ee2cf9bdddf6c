/** All that `fdbroker doctor` looks at, in the order of a request's way: from the socket to QEMU. */
import type { Result } from 'neverthrow';
import { allowedNetworks } from '../../acl/allowed.js';
import { compilePolicy } from '../../acl/policy.js';
import { type ClientError, describeClientError } from '../../client/error.js';
import type { Accounts } from '../../core/config.js';
import type { NetworkListing } from '../../protocol/listing.js';
import { bridgesWithoutUplink, examineBridges } from './bridges.js';
import { examineConfiguration, type ReadConfig } from './configuration.js';
import { examineDevices } from './devices.js';
import { type Finding, problem } from './finding.js';
import { examineForwarding } from './forwarding.js';
import { examineHelper, helperAt } from './helper.js';
import type { Host } from './host.js';
import { examineHostEnds } from './host-ends.js';
import { readLinks } from './links.js';
import { examineMacvtapNodes } from './macvtap-nodes.js';
import { examineModules } from './modules.js';
import { examineNetworkManagers } from './network-managers.js';
import { examineNetworks, giveSeveralQueues, networksToExamine } from './networks.js';
import { examineParents } from './parents.js';
import { examineQemu } from './qemu.js';
import { type Asked, type Caller, examineSocket } from './socket.js';
import { examineUserNamespaces } from './user-namespaces.js';

export interface Case {
  readonly caller: Caller;
  readonly accounts: Accounts;
  /** Of this program. */
  readonly version: string;
  readonly asked: Asked;
  readonly networks: Result<readonly NetworkListing[], ClientError>;
  readonly configuration: ReadConfig;
  /** Where fdbroker-helper can be; absolute. */
  readonly helperPlaces: readonly string[];
  /** Which program is QEMU, by the user's word. */
  readonly qemu: string | undefined;
}

export function examine(host: Host, one: Case): Finding[] {
  const { caller, accounts, version, configuration } = one;
  const config = configuration.config.unwrapOr(undefined);
  const listing = one.networks.unwrapOr(undefined);
  const allowed = config === undefined ? [] : allowedNetworks(compilePolicy(config), { ...caller, pid: 0 });
  const networks = networksToExamine({ listing, config, allowed }, caller.uid === 0);
  const configured = [...(config?.networks.values() ?? [])].filter((one) =>
    networks.some(({ name }) => name === one.name),
  );
  const links = readLinks(host);
  const routed = bridgesWithoutUplink(links ?? [], networks);
  const bridges = networks.flatMap(({ bridge }) => (bridge === null ? [] : [bridge]));
  const types = new Set(networks.map(({ type }) => type));
  const asker = {
    asked: listing !== undefined,
    readable: config !== undefined,
    user: caller.name ?? String(caller.uid),
    helper: helperAt(host, one.helperPlaces),
  };
  return [
    ...examineSocket(host, one.asked, caller, accounts, version),
    ...examineConfiguration(host, configuration),
    ...(one.asked.status.isOk() && one.networks.isErr()
      ? [problem('network', describeClientError(one.networks.error), null)]
      : []),
    ...examineNetworks(networks, asker),
    ...examineBridges(host, links, networks),
    ...examineParents(links, networks),
    ...examineHostEnds(links, configured, listing),
    ...examineForwarding(host, links ?? [], bridges, routed),
    ...examineDevices(host, caller, accounts, giveSeveralQueues({ listing, config })),
    ...examineMacvtapNodes(host, accounts, types.has('macvtap'), one.asked.status.unwrapOr(undefined)?.pid),
    ...examineModules(host, links, types),
    ...examineUserNamespaces(host),
    ...examineNetworkManagers(host),
    ...examineHelper(host, one.helperPlaces, version),
    ...examineQemu(host, one.qemu),
  ];
}
