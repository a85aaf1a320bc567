"""In what the versions of nats-server differ, as far as verdicts go.

Found by running 2.10.26, 2.11.11, 2.12.8, 2.14.0, 2.14.3, 2.14.4, 2.14.6, 2.15.0 and 2.15.1, and in
the source of those between.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from natsauth.errors import UsageError

LATEST = "2.15.1"
"""The version that verdicts are for unless another one is asked for; later ones count as this."""
_VERSION = re.compile(r"v?([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:[-+][0-9A-Za-z.+-]{1,99})?")
_OLDEST = (2, 10)


class Behaviour(NamedTuple):
    """What a version does.

    Attributes:
        guards_raft: Clients outside the system account do not publish to ``$NRG.``.
        star_hides: Publishing and the filter overlook a final ``*`` where another entry, perhaps a
            longer one, has a literal in its place.
        plain_deny_first: A deny without queue holds for queue groups whatever other entries say,
            and the filter starts wherever a subscription and a deny overlap; before, only where
            the subscription covers the deny.
        filters_queues: Denies for queue groups filter what is delivered to them, and a deny to
            publish with a tab in it denies what stands before the tab.
        cuts_tokens: Mappings have ``{{left(…)}}`` and ``{{right(…)}}``.
        heeds_scope_proxies: ``proxy_required`` of a scope counts.
    """

    guards_raft: bool
    star_hides: bool
    plain_deny_first: bool
    filters_queues: bool
    cuts_tokens: bool
    heeds_scope_proxies: bool


def behaviour(server: str) -> Behaviour:
    """Return what a version of the server does.

    Raises:
        UsageError: It is no version, or older than 2.10.
    """
    try:
        match = _VERSION.fullmatch(server)
    except TypeError:
        match = None
    if match is None:
        raise UsageError(
            f"expected a version of nats-server, got {server!r:.80}",
            hint=f"three numbers, as in {LATEST!r}",
        )
    version = tuple(map(int, match.groups()))
    if version < _OLDEST:
        raise UsageError(
            f"nothing is known of nats-server {server}", hint="2.10.0 is the oldest that is"
        )
    return Behaviour(
        guards_raft=_since(version, {11: 0}),
        star_hides=not _since(version, {11: 12, 12: 4}),
        plain_deny_first=_since(version, {11: 16, 12: 7}),
        filters_queues=_since(version, {12: 14, 14: 4}),
        cuts_tokens=_since(version, {15: 0}),
        heeds_scope_proxies=_since(version, {15: 1}),
    )


def _since(version: tuple[int, ...], first: dict[int, int]) -> bool:
    """Tell whether a version has what came with these patches of its minor version, or after."""
    major, minor, patch = version
    if major > _OLDEST[0] or minor > max(first):
        return True
    return minor in first and patch >= first[minor]
