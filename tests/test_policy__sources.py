from __future__ import annotations

import pytest

from natsauth.policy._sources import is_source_allowed


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        (None, "10.0.0.1", True),
        ([], None, True),
        ([], "nonsense", True),
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.9.9.9/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["10.0.0.0/8"], None, False),
        (["10.0.0.0/8"], "", False),
        (["0.0.0.0/0"], "010.0.0.1", False),
        (["0.0.0.0/0"], "10.0.0.1 ", False),
        (["::/0"], "fe80::1%eth0", False),
        (["11.0.0.0/8", "10.0.0.0/8"], "10.0.0.1", True),
        (["10.0.0.0/8", "bad"], "10.0.0.1", True),
        (["bad", "10.0.0.0/8"], "10.0.0.1", False),
        (["::/0"], "10.0.0.1", False),
        (["0.0.0.0/0"], "::1", False),
        (["::/0"], "::1", True),
        (["::ffff:10.0.0.0/104"], "10.0.0.1", True),
        (["::ffff:10.0.0.1/128"], "10.0.0.2", False),
        (["::ffff:0:0/96"], "10.0.0.1", True),
        (["::ffff:10.0.0.1/95"], "10.0.0.1", False),
        (["::ffff:10.0.0.1/80"], "::1", True),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", True),
        (["::/0"], "::ffff:10.0.0.1", False),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["10.0.0.0/08"], "10.0.0.1", True),
        (["10.0.0.0/255.0.0.0"], "10.0.0.1", False),
    ],
)
def test_who_may_come_from_where(
    networks: list[str] | None, address: str | None, *, allowed: bool
) -> None:
    assert is_source_allowed(networks, address) is allowed
