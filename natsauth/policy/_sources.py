"""Where a user may connect from: ``src``, by the rules of Go's net package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._values import is_cidr

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAPPED_BITS = 96
"""The bits that an IPv6 address has before the IPv4 address that is mapped into it."""


def is_source_allowed(networks: Iterable[str] | None, address: str | None) -> bool:
    """Tell whether a server takes a connection from an address.

    Args:
        networks: Networks in CIDR form; none allow every address.
        address: The peer's IP address as text; ``None`` within the server's process.
    """
    networks = list(networks or ())
    if not networks:
        return True
    peer = _address(address or "")
    if peer is None:
        return False
    for network in networks:
        if not is_cidr(network):
            return False  # the server gives up at the first that it cannot read
        if peer in _network(network):
            return True
    return False


def _address(text: str) -> Any:
    """Return an address, as IPv4 if it is one mapped into IPv6; ``None`` if it is none."""
    from ipaddress import ip_address

    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> Any:
    """Return a network, as IPv4 if all of it is mapped into IPv6."""
    from ipaddress import ip_network

    network = ip_network(text, strict=False)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ip_network((mapped, network.prefixlen - _MAPPED_BITS))
