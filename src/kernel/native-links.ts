/** The addon's calls for links (tun.h, netlink.h, constants.h). Every number returned is 0 or more, or -errno. */

/** What constants.c takes from the kernel's headers: values; sizes of structures; offsets of their members, in bytes. */
export const constantNames = [
  'nlmsghdr',
  'nlmsghdr.nlmsg_len',
  'nlmsghdr.nlmsg_type',
  'nlmsghdr.nlmsg_flags',
  'nlmsghdr.nlmsg_seq',
  'nlmsgerr',
  'nlmsgerr.error',
  'nlmsgerr.msg',
  'nlattr',
  'ifinfomsg',
  'ifinfomsg.ifi_family',
  'ifinfomsg.ifi_type',
  'ifinfomsg.ifi_index',
  'ifinfomsg.ifi_flags',
  'ifinfomsg.ifi_change',
  'ifla_vf_mac',
  'ifla_vf_mac.vf',
  'ifla_vf_mac.mac',
  'ifla_vf_vlan',
  'ifla_vf_vlan.vf',
  'ifla_vf_vlan.vlan',
  'ifla_vf_vlan.qos',
  'ifla_vf_spoofchk',
  'ifla_vf_spoofchk.vf',
  'ifla_vf_spoofchk.setting',
  'ndmsg',
  'ndmsg.ndm_family',
  'ndmsg.ndm_ifindex',
  'ndmsg.ndm_state',
  'ndmsg.ndm_flags',
  'ifaddrmsg',
  'ifaddrmsg.ifa_family',
  'ifaddrmsg.ifa_flags',
  'ifaddrmsg.ifa_scope',
  'ifaddrmsg.ifa_index',
  'netconfmsg',
  'netconfmsg.ncm_family',
  'br_vlan_msg',
  'br_vlan_msg.family',
  'br_vlan_msg.ifindex',
  'bridge_vlan_info',
  'bridge_vlan_info.flags',
  'bridge_vlan_info.vid',
  'AF_UNSPEC',
  'AF_BRIDGE',
  'AF_INET',
  'AF_INET6',
  'ARPHRD_ETHER',
  'NLMSG_ERROR',
  'NLMSG_DONE',
  'NLMSGERR_ATTR_MSG',
  'NLM_F_REQUEST',
  'NLM_F_MULTI',
  'NLM_F_ACK',
  'NLM_F_DUMP',
  'NLM_F_DUMP_INTR',
  'NLM_F_CAPPED',
  'NLM_F_ACK_TLVS',
  'NLM_F_CREATE',
  'NLM_F_EXCL',
  'NLM_F_REPLACE',
  'NLA_F_NESTED',
  'NLA_TYPE_MASK',
  'RTM_NEWLINK',
  'RTM_DELLINK',
  'RTM_GETLINK',
  'RTM_SETLINK',
  'RTM_NEWNEIGH',
  'RTM_DELNEIGH',
  'RTM_GETNEIGH',
  'RTM_GETVLAN',
  'RTM_GETADDR',
  'RTM_GETNETCONF',
  'RT_SCOPE_LINK',
  'IFA_ADDRESS',
  'IFA_LOCAL',
  'IFA_F_TENTATIVE',
  'NETCONFA_IFINDEX',
  'NETCONFA_IFINDEX_ALL',
  'NETCONFA_FORWARDING',
  'IFF_UP',
  'IFF_LOWER_UP',
  'IFF_TAP',
  'IFF_NO_PI',
  'IFF_NOFILTER',
  'IFF_TUN_EXCL',
  'IFF_VNET_HDR',
  'IFF_MULTI_QUEUE',
  'IFLA_ADDRESS',
  'IFLA_IFNAME',
  'IFLA_MTU',
  'IFLA_MASTER',
  'IFLA_LINK',
  'IFLA_GROUP',
  'IFLA_LINKINFO',
  'IFLA_IFALIAS',
  'IFLA_AF_SPEC',
  'IFLA_EXT_MASK',
  'RTEXT_FILTER_SKIP_STATS',
  'RTEXT_FILTER_VF',
  'IFLA_PARENT_DEV_NAME',
  'IFLA_PARENT_DEV_BUS_NAME',
  'IFLA_VFINFO_LIST',
  'IFLA_VF_INFO',
  'IFLA_VF_MAC',
  'IFLA_VF_VLAN',
  'IFLA_VF_SPOOFCHK',
  'IFLA_INET6_ADDR_GEN_MODE',
  'IN6_ADDR_GEN_MODE_NONE',
  'IFLA_INFO_KIND',
  'IFLA_INFO_DATA',
  'IFLA_INFO_SLAVE_KIND',
  'IFLA_INFO_SLAVE_DATA',
  'IFLA_TUN_OWNER',
  'IFLA_TUN_GROUP',
  'IFLA_TUN_PI',
  'IFLA_TUN_VNET_HDR',
  'IFLA_TUN_PERSIST',
  'IFLA_TUN_MULTI_QUEUE',
  'IFLA_TUN_NUM_QUEUES',
  'IFLA_TUN_NUM_DISABLED_QUEUES',
  'IFLA_MACVLAN_MODE',
  'MACVLAN_MODE_PRIVATE',
  'MACVLAN_MODE_VEPA',
  'MACVLAN_MODE_BRIDGE',
  'MACVLAN_MODE_PASSTHRU',
  'IFLA_VLAN_ID',
  'IFLA_BR_VLAN_FILTERING',
  'IFLA_BR_VLAN_DEFAULT_PVID',
  'IFLA_BRPORT_MODE',
  'IFLA_BRPORT_LEARNING',
  'IFLA_BRPORT_UNICAST_FLOOD',
  'IFLA_BRPORT_ISOLATED',
  'IFLA_BRPORT_LOCKED',
  'NDA_LLADDR',
  'NDA_VLAN',
  'NDA_MASTER',
  'NUD_NOARP',
  'NUD_PERMANENT',
  'NTF_MASTER',
  'NTF_STICKY',
  'IFLA_BRIDGE_VLAN_INFO',
  'BRIDGE_VLAN_INFO_PVID',
  'BRIDGE_VLAN_INFO_UNTAGGED',
  'BRIDGE_VLANDB_ENTRY',
  'BRIDGE_VLANDB_ENTRY_INFO',
  'BRIDGE_VLANDB_ENTRY_RANGE',
] as const;

export interface LinkCalls {
  readonly constants: Readonly<Record<(typeof constantNames)[number], number>>;

  /** A descriptor of /dev/net/tun without a tap, blocking, close-on-exec, which the caller closes. */
  tunDevice(): number;
  /** A descriptor of /dev/vhost-net, close-on-exec. */
  vhostDevice(): number;
  /** Gives it the tap of this name. -EBUSY: the name is taken (IFF_TUN_EXCL), or somebody holds the tap. */
  tunAttach(fd: number, name: string, flags: number): number;
  /** Lets nobody but this process's user, and who has CAP_NET_ADMIN, attach to the tap of this descriptor by its name. */
  tunOwn(fd: number): number;
  /** Reading does not wait, and the host's offloads are taken. */
  tunCarry(fd: number): number;
  linkIndex(name: string): number;
  /** @param facts gets the ifindex, the MTU, two numbers that hold the address, and 1 where it is up. */
  linkFacts(name: string, facts: Int32Array): number;
  /**
   * The ports of a bridge, those that joined first before others. @param indexes gets their ifindexes: 1,023 at most.
   * @returns how many they are.
   */
  bridgePorts(name: string, indexes: Int32Array): number;
  /**
   * tunDevice, tunAttach and linkIndex for each name, on the thread pool. @param results gets two numbers for each: the descriptor
   * and the ifindex, or -errno twice. It may not be touched before the promise is fulfilled.
   */
  tapsAhead(names: readonly string[], flags: number, results: Int32Array): Promise<number>;

  /** A NETLINK_ROUTE socket, which the caller closes. @param receiveBuffer bytes, as far as allowed; 0: the default. */
  netlinkOpen(receiveBuffer: number): number;
  /** Subscribes to links that change or go, without those of AF_BRIDGE. */
  netlinkWatchLinks(fd: number): number;
  /** Subscribes to sticky bridge entries that go, and to nothing else. */
  netlinkWatchStickyEntries(fd: number): number;
  /**
   * Subscribes to what happens to these links, and to the addresses on them. Again, it is these instead.
   *
   * @param names 16 bytes each, with zeros behind them.
   */
  netlinkWatchInterfaces(fd: number, names: Uint8Array, ifindexes: Uint32Array): number;
  /** @param size how many bytes of `message` are sent. */
  netlinkSend(fd: number, message: Uint8Array, size: number): number;
  /** The next datagram's real size: more than the buffer's means that it was cut off. -EAGAIN: there is none. */
  netlinkReceive(fd: number, buffer: Uint8Array): number;
  /** Sends and receives on the thread pool, on a socket of its own. Neither array may be touched meanwhile. */
  netlinkExchange(request: Uint8Array, answer: Uint8Array): Promise<number>;
}
