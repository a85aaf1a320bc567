"""A store to draw, in which something of each kind is found."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from natsauth.authority import Authority
from natsauth.claims import Account, Export, Import
from natsauth.cli._graph import (
    AccountBox,
    ExportRow,
    Graph,
    ImportRow,
    KeyBox,
    Standing,
    State,
    UserBox,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import OperatorNode
    from natsauth.store.base import Store

STRANGER = KeyPair.generate(KeyType.ACCOUNT)
SEED = KeyPair.generate(KeyType.ACCOUNT).reveal_seed()
DAY = timedelta(days=1)
NEVER = Standing(State.NEVER)
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"quotes\" 'and' `ticks`",
    "right\u202eleft",
    "two\nlines",
    "1. list",
    "end]]>-->",
    "a|b{c}(d);%%#amp;",
    "倉庫",
    "\ud800",
    SEED,
]
"""Names that mean harm, and one that is a secret."""


def sample(store: Store | None = None) -> OperatorNode:
    """Return an operator with accounts that share, of which one has a role and a revoked user."""
    authority = Authority(store or MemoryStore())
    with authority.transaction():
        operator = authority.operators.add("o", signing_keys=1)
        operator.ensure_system_account()
        exports: list[Export | None] = [
            Export(subject="api.*", type="service"),
            Export(subject="events.>", type="stream", token_req=True),
        ]
        operator.accounts.add("seller", Account(exports=exports), signing_keys=1)
        operator.accounts.add("buyer")
        operator.accounts.add("alone")
    accounts = authority.operators["o"].accounts
    seller, buyer = accounts["seller"], accounts["buyer"]
    with authority.transaction():
        seller.signing_keys.add_role("clerk")
        buyer.add_import(
            Import(subject="api.*", account=seller.public_key, type="service", local_subject="s.$1")
        )
        buyer.add_import(Import(subject="none", account=seller.public_key, type="stream"))
        buyer.add_import(Import(subject="far.>", account=STRANGER.public_key, type="stream"))
    with authority.transaction():
        buyer.add_import(seller.activate("events.>", buyer.public_key, expires_in=10 * DAY))
        seller.users.add("ann", signer="clerk", expires_in=5 * DAY)
        seller.users.add("bob", expires_in=100 * DAY)
        buyer.users.add("eve")
        buyer.users.add("mallory")
    with authority.transaction():
        buyer.users["mallory"].revoke()
    return authority.operators["o"]


def arrow(subject: str, kind: str, exporter: int, standing: Standing = NEVER) -> ImportRow:
    """Return the import of a public subject."""
    return ImportRow(
        subject, "", kind, private=False, exporter=exporter, export=0, standing=standing
    )


def hostile() -> Graph:
    """Return a picture of names that mean harm, everywhere."""
    boxes = tuple(
        AccountBox(
            name,
            name,
            Standing(State.REFUSED, 1 << 62, name),
            keys=(KeyBox(name, "role", name, (UserBox(name, name, NEVER),)),),
            exports=(ExportRow(name, "service", private=False),),
            imports=(arrow(name, "service", index, Standing(State.EXPIRED, 1)),),
        )
        for index, name in enumerate(HOSTILE)
    )
    return Graph(HOSTILE[0], HOSTILE[1], NEVER, (HOSTILE[2],), strict=True, accounts=boxes)


def many(number: int) -> Graph:
    """Return a picture of many accounts, of which each fifth exports to the four after it."""
    return Graph(
        "o",
        "O",
        NEVER,
        (),
        strict=False,
        accounts=tuple(
            AccountBox(
                f"account{index:03}",
                f"A{index}",
                NEVER,
                keys=(KeyBox(f"A{index}", "identity key", users=(UserBox("u", "U", NEVER),)),),
                exports=() if index % 5 else (ExportRow("a.>", "stream", private=False),),
                imports=((arrow("a.>", "stream", index - index % 5),) if index % 5 else ()),
            )
            for index in range(number)
        ),
    )


def tangled(number: int) -> Graph:
    """Return a picture in which arrows pass other accounts, and two lead to the left."""
    accounts = [*many(number).accounts]
    for index in range(number):
        taken = tuple(arrow("a.>", "stream", index // part) for part in (2, 3, 7) if index)
        accounts[index] = replace(accounts[index], imports=taken)
    back = (arrow("b.>", "service", number - 1), arrow("c.>", "service", 0))
    accounts[0] = replace(accounts[0], imports=back)
    return replace(many(number), accounts=tuple(accounts))


def points(way: str) -> Iterator[tuple[float, float]]:
    """Go along a path of SVG of the commands ``M``, ``H`` and ``C``."""
    x = y = 0.0
    for command, given in re.findall("([MHC])([^MHC]*)", way):
        numbers = [float(number) for number in given.split()]
        match command, numbers:
            case "M", [x, y]:
                yield x, y
            case "H", [end]:
                yield from ((x + (end - x) * step / 20, y) for step in range(21))
                x = end
            case "C", [x1, y1, x2, y2, x3, y3]:
                for t in (step / 20 for step in range(21)):
                    parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                    yield (
                        sum(map(float.__mul__, parts, (x, x1, x2, x3))),
                        sum(map(float.__mul__, parts, (y, y1, y2, y3))),
                    )
                x, y = x3, y3
            case _:
                raise AssertionError(way)
