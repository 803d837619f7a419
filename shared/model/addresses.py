"""Which addresses a target may have: the public ones, by a table of our own.

`ipaddress.is_global` is not asked: it calls 64:ff9b::a9fe:a9fe and 2002:a9fe:a9fe::1 (169.254.169.254 through NAT64
and 6to4), 224.0.0.1 and 192.0.0.192 global, and it changes with the version of Python.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

# IANA IPv4 Special-Purpose Address Registry (https://www.iana.org/assignments/iana-ipv4-special-registry), and the
# multicast and reserved blocks of the IPv4 Address Space Registry. Anycast blocks that answer for others (AS112, AMT,
# 6to4 relays) are in it too: no receiver of a webhook lives there.
DENIED_IPV4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this network", RFC 791; 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",  # private use, RFC 1918
        "100.64.0.0/10",  # shared address space of carriers, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "169.254.0.0/16",  # link local, RFC 3927: instance metadata, container credentials
        "172.16.0.0/12",  # private use, RFC 1918
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890; 192.0.0.192 serves metadata at another provider
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.31.196.0/24",  # AS112-v4, RFC 7535
        "192.52.193.0/24",  # AMT, RFC 7450
        "192.88.99.0/24",  # 6to4 relay anycast, deprecated, RFC 7526
        "192.168.0.0/16",  # private use, RFC 1918
        "192.175.48.0/24",  # direct delegation AS112, RFC 7534
        "198.18.0.0/15",  # benchmarking, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved, RFC 1112, and the limited broadcast address, RFC 8190
    )
)

# All that IANA has ever allocated for global unicast (https://www.iana.org/assignments/ipv6-address-space). What lies
# outside is refused without being named: ::, ::1, IPv4-mapped (::ffff:0:0/96), IPv4-compatible (::/96),
# IPv4-translated (::ffff:0:0:0/96), NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard-only (100::/64), SRv6 SIDs
# (5f00::/16), unique local (fc00::/7, in it fd00:ec2::254, the metadata service), link and site local, multicast.
GLOBAL_UNICAST_IPV6: Final = IPv6Network("2000::/3")

# IANA IPv6 Special-Purpose Address Registry (https://www.iana.org/assignments/iana-ipv6-special-registry): what is
# special inside 2000::/3.
DENIED_IPV6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments, RFC 2928: Teredo, ORCHID, benchmarking, AMT, AS112
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056: an IPv4 address follows the prefix
        "2620:4f:8000::/48",  # direct delegation AS112, RFC 7534
        "3ffe::/16",  # the former 6bone, RFC 3701
        "3fff::/20",  # documentation, RFC 9637
    )
)

# RFC 5214 §6.1: an ISATAP interface identifier is one of these two words and an IPv4 address, under any prefix.
_ISATAP_WORDS: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` belongs to one host on the public internet and to nothing else.

    IPv6 addresses that carry an IPv4 address inside (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) are
    refused whatever they carry: a translator on the way, not we, would decide where they lead.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in DENIED_IPV4)
    if address.scope_id is not None or address not in GLOBAL_UNICAST_IPV6:
        return False
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP_WORDS:
        return False
    return not any(address in network for network in DENIED_IPV6)
