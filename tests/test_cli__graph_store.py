"""What a picture shows of a store."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import pytest

from natsauth.authority import Authority
from natsauth.cli._graph import State, unreadable
from natsauth.cli._graph_store import build
from natsauth.keys import KeyPair
from natsauth.store import MemoryStore
from natsauth.token import encode
from tests._pictures import STRANGER, sample
from tests._store import NSC_STORE
from tests._tokens import ACCOUNT
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from natsauth.cli._graph import AccountBox, Graph

DAY = 86_400


def drawn(*names: str, later: int = 0) -> Graph:
    return build(sample(), names, int(time()) + later)


def box(graph: Graph, name: str) -> AccountBox:
    [found] = [account for account in graph.accounts if account.name == name]
    return found


def test_accounts_and_what_they_are() -> None:
    graph = drawn()
    places = [(account.name, account.place) for account in graph.accounts]
    assert places == [
        ("SYS", "system"), ("alone", "account"), ("buyer", "account"), ("seller", "account"),
        (STRANGER.public_key, "elsewhere"),
    ]  # fmt: skip
    assert (graph.name, len(graph.signing_keys), graph.strict) == ("o", 1, False)
    assert box(graph, "seller").signer == graph.signing_keys[0]


def test_names_stand_in_the_order_of_their_numbers() -> None:
    store = MemoryStore()
    sample(store)
    authority = Authority(store)
    operator = authority.operators["o"]
    with authority.transaction():
        for name in ("acc1", "acc10", "acc2"):
            operator.accounts.add(name)
            operator.accounts["alone"].users.add(name)
    graph = build(operator, (), int(time()))
    in_order = ["acc1", "acc2", "acc10"]
    assert [a.name for a in graph.accounts if a.name.startswith("acc")] == in_order
    assert [user.name for user in box(graph, "alone").users] == in_order


def test_users_stand_under_the_key_that_signed_them() -> None:
    graph = drawn()
    keys = {(k.kind, k.role): [u.name for u in k.users] for k in box(graph, "seller").keys}
    assert keys == {("role", "clerk"): ["ann"], ("signing key", ""): ["bob"]}
    [key] = box(graph, "buyer").keys
    assert (key.kind, key.public_key) == ("identity key", box(graph, "buyer").public_key)


@pytest.mark.parametrize(
    ("later", "ann", "bob"),
    [
        (0, State.SOON, State.FINE),
        (5 * DAY + 1, State.EXPIRED, State.FINE),
        (71 * DAY, State.EXPIRED, State.SOON),
        (101 * DAY, State.EXPIRED, State.EXPIRED),
    ],
)
def test_how_long_something_is_good_depends_on_the_moment(
    later: int, ann: State, bob: State
) -> None:
    users = {u.name: u.standing.state for u in box(drawn(later=later), "seller").users}
    assert users == {"ann": ann, "bob": bob}


def test_who_is_revoked_or_signed_by_a_stranger() -> None:
    store = MemoryStore()
    operator = sample(store)
    claims = operator.accounts["buyer"].users["eve"].token.claims
    store.write(encode(claims, ACCOUNT).encoded, "o", "buyer", "eve")
    graph = build(Authority(store).operators["o"], (), int(time()))
    users = {u.name: u.standing for u in box(graph, "buyer").users}
    assert users["mallory"].state is State.REVOKED
    assert "has revoked that" in users["mallory"].why
    assert users["eve"].state is State.REFUSED
    assert "belongs to account" in users["eve"].why
    strange = [k.public_key for k in box(graph, "buyer").keys if k.kind == "strange key"]
    assert strange == [ACCOUNT.public_key]


def test_arrows_lead_from_exports_to_imports() -> None:
    graph = drawn()
    rows = {row.subject: (source.name, row) for source, _, row in graph.arrows}
    name, row = rows["api.*"]
    assert (name, row.local_subject, row.type, row.private) == ("seller", "s.$1", "service", False)
    assert graph.accounts[row.exporter].exports[row.export or 0].subject == "api.*"
    assert rows["none"][1].standing.state is State.REFUSED
    assert "exports nothing like it" in rows["none"][1].standing.why
    assert rows["far.>"][0] == STRANGER.public_key
    assert rows["events.>"][1].private
    assert rows["events.>"][1].standing.state is State.SOON
    later = {row.subject: row.standing.state for _, _, row in drawn(later=11 * DAY).arrows}
    assert later["events.>"] is State.EXPIRED


def test_an_activation_that_is_revoked_lost_or_of_another_account() -> None:
    operator = sample()
    seller, buyer, alone = (operator.accounts[n] for n in ("seller", "buyer", "alone"))
    [export] = [e for e in seller.claims.nats.exports or () if e and e.token_req]
    [row] = [r for r in buyer.claims.nats.imports or () if r and r.subject == "events.>"]
    activation = row.token
    now, root = int(time()), operator.key
    assert isinstance(root, KeyPair)

    def standing() -> tuple[State, str]:
        tree = MemoryStore()
        for node in (operator, seller, buyer, alone):
            signer = root if node is operator else operator.signer()
            tree.write(encode(node.claims, signer).encoded, *node.path)
        rows = [r for _, _, r in build(Authority(tree).operators["o"], (), now).arrows]
        [found] = [r.standing for r in rows if r.subject == "events.>"]
        return found.state, found.why

    export.revoke(buyer.public_key, at=now + 60)
    assert standing() == (State.REVOKED, "the exporter has revoked the activation")
    export.revocations = None
    row.token = ""
    assert standing() == (State.REFUSED, "the export is private, and there is no activation")
    row.token = "garbage"
    assert "the activation is none: " in standing()[1]
    row.token = "https://example.com/activation.jwt"
    assert standing() == (State.NEVER, "")
    buyer.claims.nats.imports = [r for r in buyer.claims.nats.imports or () if r is not row]
    row.token = activation
    alone.claims.nats.imports = [row]
    assert standing() == (State.REFUSED, "the activation is for another")


def test_some_accounts_with_those_that_they_share_with() -> None:
    graph = drawn("seller")
    assert [(a.name, a.place) for a in graph.accounts] == [
        ("seller", "account"), ("buyer", "aside"),
    ]  # fmt: skip
    assert [row.subject for _, _, row in graph.arrows] == ["api.*", "events.>", "none"]
    assert box(graph, "buyer").keys == ()
    assert [a.name for a in drawn("alone").accounts] == ["alone"]
    assert {a.name for a in drawn("buyer").accounts} == {"buyer", "seller", STRANGER.public_key}


def test_what_cannot_be_read_is_drawn_as_such(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, copy=True)
    accounts = shop.store.stores / "my_operator" / "accounts"
    (accounts / "my_account" / "users" / "bob.jwt").write_text("garbage")
    (accounts / "orders" / "orders.jwt").write_text("garbage")
    operator = Authority(shop.store).operators["my_operator"]
    graph = build(operator, (), int(time()))
    assert box(graph, "orders").standing.state is State.UNREADABLE
    [bob] = [u for u in box(graph, "my_account").users if u.name == "bob"]
    assert bob.standing.state is State.UNREADABLE
    said = dict(unreadable(graph))
    assert "orders.jwt holds no account: " in said["my_operator", "orders"]
    assert "bob.jwt holds no user: " in said["my_operator", "my_account", "bob"]
    # Whose exports they are that others import is known no more.
    assert {source.place for source, _, _ in graph.arrows} == {"elsewhere"}


def test_the_store_of_nsc(tmp_path: Path) -> None:
    store = Workshop(tmp_path, copy=True).store
    graph = build(Authority(store).operators["my_operator"], (), int(time()))
    assert [a.name for a in graph.accounts] == sorted(
        file.name for file in (NSC_STORE / "stores" / "my_operator" / "accounts").iterdir()
    )
    assert [(s.name, t.name, r.subject) for s, t, r in graph.arrows] == [
        ("orders", "billing", "orders.api.*"), ("orders", "billing", "orders.events.>"),
    ]  # fmt: skip
    assert not [*unreadable(graph)]
