#include "constants.h"

#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define VALUE(name)                                                                                                    \
    { #name, (uint32_t)(name) }
#define SIZE(type)                                                                                                     \
    { #type, sizeof(struct type) }
#define OFFSET(type, member)                                                                                           \
    { #type "." #member, offsetof(struct type, member) }

const struct constant constants[] = {
    SIZE(nlmsghdr),
    OFFSET(nlmsghdr, nlmsg_len),
    OFFSET(nlmsghdr, nlmsg_type),
    OFFSET(nlmsghdr, nlmsg_flags),
    OFFSET(nlmsghdr, nlmsg_seq),
    SIZE(nlmsgerr),
    OFFSET(nlmsgerr, error),
    OFFSET(nlmsgerr, msg),
    SIZE(nlattr),
    SIZE(ifinfomsg),
    OFFSET(ifinfomsg, ifi_family),
    OFFSET(ifinfomsg, ifi_type),
    OFFSET(ifinfomsg, ifi_index),
    OFFSET(ifinfomsg, ifi_flags),
    OFFSET(ifinfomsg, ifi_change),
    SIZE(ndmsg),
    OFFSET(ndmsg, ndm_family),
    OFFSET(ndmsg, ndm_ifindex),
    OFFSET(ndmsg, ndm_state),
    OFFSET(ndmsg, ndm_flags),
    SIZE(br_vlan_msg),
    OFFSET(br_vlan_msg, family),
    OFFSET(br_vlan_msg, ifindex),
    SIZE(bridge_vlan_info),
    OFFSET(bridge_vlan_info, flags),
    OFFSET(bridge_vlan_info, vid),

    VALUE(AF_UNSPEC),
    VALUE(AF_BRIDGE),
    VALUE(AF_INET6),
    VALUE(ARPHRD_ETHER),

    VALUE(NLMSG_ERROR),
    VALUE(NLMSG_DONE),
    VALUE(NLMSGERR_ATTR_MSG),
    VALUE(NLM_F_REQUEST),
    VALUE(NLM_F_MULTI),
    VALUE(NLM_F_ACK),
    VALUE(NLM_F_DUMP),
    VALUE(NLM_F_DUMP_INTR),
    VALUE(NLM_F_CAPPED),
    VALUE(NLM_F_ACK_TLVS),
    VALUE(NLM_F_CREATE),
    VALUE(NLM_F_EXCL),
    VALUE(NLM_F_REPLACE),
    VALUE(NLA_F_NESTED),
    VALUE(NLA_TYPE_MASK),

    VALUE(RTM_NEWLINK),
    VALUE(RTM_DELLINK),
    VALUE(RTM_GETLINK),
    VALUE(RTM_SETLINK),
    VALUE(RTM_NEWNEIGH),
    VALUE(RTM_DELNEIGH),
    VALUE(RTM_GETNEIGH),
    VALUE(RTM_GETVLAN),

    VALUE(IFF_UP),
    VALUE(IFF_LOWER_UP),
    VALUE(IFF_TAP),
    VALUE(IFF_NO_PI),
    VALUE(IFF_TUN_EXCL),
    VALUE(IFF_VNET_HDR),
    VALUE(IFF_MULTI_QUEUE),

    VALUE(IFLA_ADDRESS),
    VALUE(IFLA_IFNAME),
    VALUE(IFLA_MTU),
    VALUE(IFLA_MASTER),
    VALUE(IFLA_LINK),
    VALUE(IFLA_GROUP),
    VALUE(IFLA_LINKINFO),
    VALUE(IFLA_IFALIAS),
    VALUE(IFLA_AF_SPEC),
    VALUE(IFLA_EXT_MASK),
    VALUE(RTEXT_FILTER_SKIP_STATS),
    VALUE(IFLA_INET6_ADDR_GEN_MODE),
    VALUE(IN6_ADDR_GEN_MODE_NONE),
    VALUE(IFLA_INFO_KIND),
    VALUE(IFLA_INFO_DATA),
    VALUE(IFLA_INFO_SLAVE_KIND),
    VALUE(IFLA_INFO_SLAVE_DATA),
    VALUE(IFLA_TUN_OWNER),
    VALUE(IFLA_TUN_GROUP),
    VALUE(IFLA_TUN_PI),
    VALUE(IFLA_TUN_VNET_HDR),
    VALUE(IFLA_TUN_PERSIST),
    VALUE(IFLA_TUN_MULTI_QUEUE),
    VALUE(IFLA_TUN_NUM_QUEUES),
    VALUE(IFLA_TUN_NUM_DISABLED_QUEUES),
    VALUE(IFLA_MACVLAN_MODE),
    VALUE(MACVLAN_MODE_PRIVATE),
    VALUE(MACVLAN_MODE_VEPA),
    VALUE(MACVLAN_MODE_BRIDGE),
    VALUE(MACVLAN_MODE_PASSTHRU),
    VALUE(IFLA_BR_VLAN_FILTERING),
    VALUE(IFLA_BRPORT_MODE),
    VALUE(IFLA_BRPORT_LEARNING),
    VALUE(IFLA_BRPORT_UNICAST_FLOOD),
    VALUE(IFLA_BRPORT_ISOLATED),
    VALUE(IFLA_BRPORT_LOCKED),

    VALUE(NDA_LLADDR),
    VALUE(NDA_VLAN),
    VALUE(NDA_MASTER),
    VALUE(NUD_NOARP),
    VALUE(NUD_PERMANENT),
    VALUE(NTF_MASTER),
    VALUE(NTF_STICKY),

    VALUE(IFLA_BRIDGE_VLAN_INFO),
    VALUE(BRIDGE_VLAN_INFO_PVID),
    VALUE(BRIDGE_VLAN_INFO_UNTAGGED),
    VALUE(BRIDGE_VLANDB_ENTRY),
    VALUE(BRIDGE_VLANDB_ENTRY_INFO),
    VALUE(BRIDGE_VLANDB_ENTRY_RANGE),
};

const size_t constants_count = sizeof constants / sizeof *constants;
