from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from natsauth import (
    Account,
    AccountClaims,
    Creds,
    KeyPair,
    KeyType,
    Permission,
    Permissions,
    User,
    UserClaims,
    UserPermissionLimits,
    UserScope,
    WeightedMapping,
    encode,
)
from natsauth.errors import NotFoundError, UsageError
from natsauth.testing import Sandbox, assert_grants

if TYPE_CHECKING:
    from collections.abc import Iterator


ORDERS = {
    "pub": {"allow": ["orders.>"], "deny": ["orders.*.secret"]},
    "sub": {"allow": ["orders.>", "jobs workers"], "deny": ["orders.*.secret"]},
}
GOOD: dict[str, dict[str, bool | str]] = {
    "publish": {"orders.new": True, "orders.a.secret": "deny", "users": False},
    "subscribe": {
        "orders.new": "allow",
        "orders.>": "filtered",
        "jobs workers": True,
        "jobs": False,
        "jobs others": False,
    },
}

both = pytest.mark.parametrize(
    "live", [False, pytest.param(True, marks=pytest.mark.live)], ids=["offline", "live"]
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        running.add_user("alice", ORDERS)
        yield running


def failure(table: Any, **options: Any) -> list[str]:
    """Return the lines of what a table that does not hold is told."""
    with pytest.raises(AssertionError) as caught:
        assert_grants(table, **options)
    return str(caught.value).splitlines()


@both
def test_a_table_holds_for_users_in_any_form(*, live: bool) -> None:
    account, key = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.USER)
    claims = UserClaims(sub=key.public_key, nats=User(**vars_of(ORDERS)))
    draft = UserClaims(nats=User(**vars_of(ORDERS)))
    token = encode(claims, account)
    users: dict[str, Any] = {
        "json": ORDERS,
        "permissions": Permissions(**vars_of(ORDERS)),
        "draft": draft,
    }
    table = dict.fromkeys([token, Creds.create(token, key), *users], GOOD)
    assert_grants(table, users={**users, "claims": claims}, live=live)


def vars_of(document: dict[str, Any]) -> dict[str, Any]:
    return {name: Permission(**lists) for name, lists in document.items()}


@pytest.mark.live
@both
def test_a_name_is_that_of_a_user_of_the_sandbox(sandbox: Sandbox, *, live: bool) -> None:
    assert_grants({"alice": GOOD, sandbox.creds("alice"): GOOD}, sandbox=sandbox, live=live)
    with pytest.raises(NotFoundError):
        assert_grants({"nobody": GOOD}, sandbox=sandbox, live=live)


@both
def test_what_does_not_hold_is_told_with_the_rule(*, live: bool) -> None:
    table = {
        "alice": {
            "publish": {"orders.new": False, "users": "allow", "orders.old": True},
            "subscribe": {"orders.>": "allow", "jobs": True, "jobs workers": "deny"},
        }
    }
    head, empty, titles, *rows = failure(table, users={"alice": ORDERS}, live=live)
    assert (head, empty) == ("5 of 6 grants are not as expected", "")
    columns = ["user", "operation", "subject", "expected", "verdict", *["server"] * live]
    assert titles.split() == columns
    shown = [row.split() for row in rows[::2]]
    verdicts = ["allow", "deny", "filtered", "deny", "allow"]
    assert [row[-1 - live] for row in shown] == verdicts
    assert [row[-1] for row in shown] == verdicts
    assert rows[0].split()[:4] == ["alice", "publish", "orders.new", "False"]
    assert rows[8].split()[:5] == ["alice", "subscribe", "jobs", "workers", "deny"]
    assert rows[1] == (
        "    Publishing to 'orders.new' is allowed by 'orders.>' ($.nats.pub.allow[0])."
    )
    assert rows[5] == (
        "    Subscribing to 'orders.>' is accepted, but what 'orders.*.secret' "
        "($.nats.sub.deny[0]) matches is withheld."
    )


@pytest.mark.live
def test_a_server_that_disagrees_is_told(sandbox: Sandbox) -> None:
    sandbox.add_user("bob", {"pub": {"allow": ["a"]}})
    sandbox.account.users["bob"].revoke()
    sandbox.commit()
    table = {"bob": {"publish": {"a": True, "b": False}}}
    assert_grants(table, sandbox=sandbox)
    head, _, _, *rows = failure(table, sandbox=sandbox, live=True)
    assert head == "2 of 2 grants are not as expected"
    assert rows[0].split() == ["bob", "publish", "a", "True", "allow", "no", "connection"]
    assert rows[2].split() == ["bob", "publish", "b", "False", "deny", "no", "connection"]


@both
def test_permissions_that_no_server_takes(*, live: bool) -> None:
    users = {"x": {"pub": {"allow": ["a queue"]}}}
    assert_grants({"x": {"publish": {"a": False}}}, users=users, live=live)


@both
def test_the_account_counts(*, live: bool) -> None:
    """Of a user whose keys are elsewhere: its scope, templates, default permissions, mappings."""
    account, signing, key = (
        KeyPair.generate(role) for role in (KeyType.ACCOUNT, KeyType.ACCOUNT, KeyType.USER)
    )
    template = UserPermissionLimits(
        pub=Permission(
            allow=["of.{{name()}}.>", "of.{{account-subject()}}", "of.{{subject()}}", "to.a"]
        ),
        src=["192.0.2.0/24"],
    )
    body = Account(
        signing_keys=[UserScope(key=signing.public_key, template=template)],
        default_permissions=Permissions(pub=Permission(allow=["default"])),
        mappings={
            "from.a": [WeightedMapping(subject="to.a")],
            "from.b": [WeightedMapping(subject="to.b")],
            "by.chance": [
                WeightedMapping(subject="to.a", weight=50),
                WeightedMapping(subject="to.b", weight=50),
            ],
        },
    )
    owner = AccountClaims(sub=account.public_key, name="shop", nats=body)
    scoped = UserClaims(sub=key.public_key, name="bob", iss=signing.public_key)
    scoped.nats.clear()
    scoped.nats.issuer_account = account.public_key
    plain = UserClaims(sub=key.public_key, iss=account.public_key)
    table = {
        "scoped": {
            "publish": {
                "of.bob.x": True,
                "of.alice.x": False,
                f"of.{account.public_key}": True,
                f"of.{key.public_key}": True,
                "from.a": True,
                "from.b": False,
                "by.chance": False,
                "default": False,
            }
        },
        "plain": {"publish": {"default": True, "other": False}},
    }
    assert_grants(table, users={"scoped": scoped, "plain": plain}, account=owner, live=live)


@both
def test_an_auth_callout_denies_its_own_subject(*, live: bool) -> None:
    owner = AccountClaims(sub=KeyPair.generate(KeyType.ACCOUNT).public_key)
    owner.nats.enable_external_authorization(KeyPair.generate(KeyType.USER).public_key)
    table = {
        "x": {
            "publish": {"a": True, "$SYS.REQ.USER.AUTH": False},
            "subscribe": {"$SYS.REQ.USER.AUTH": True},
        }
    }
    assert_grants(table, users={"x": {}}, account=owner, live=live)


@pytest.mark.live
def test_the_server_of_a_table_need_not_know_its_users(sandbox: Sandbox) -> None:
    assert_grants({"x": GOOD}, users={"x": ORDERS}, sandbox=sandbox, live=True)


@pytest.mark.live
def test_system_users(sandbox: Sandbox) -> None:
    creds = sandbox.system_account.mint("admin")
    table = {"publish": {"$NRG.x": True}, "subscribe": {"$SYS.>": True}}
    assert_grants({creds: table}, sandbox=sandbox, live=True)


@pytest.mark.live
def test_what_no_client_can_send_is_not_asked(sandbox: Sandbox) -> None:
    # The last one a server would take, and nats-py does not send.
    table = {"publish": {"a b": False, "": False}, "subscribe": {"a..b": False, "a.b*": True}}
    assert_grants({"x": table}, users={"x": {}}, sandbox=sandbox, live=True)
    head, _, _, *rows = failure(
        {"x": {"subscribe": {"a..b": True}}}, users={"x": {}}, sandbox=sandbox, live=True
    )
    assert head == "1 of 1 grants are not as expected"
    assert rows[0].split()[-2:] == ["invalid_subject", "-"]


@pytest.mark.live
def test_what_is_withheld_is_looked_at(sandbox: Sandbox) -> None:
    """Where the account maps it to elsewhere, nobody can tell, and nothing is said."""
    mapped = AccountClaims()
    mapped.nats.add_mapping("orders.x.secret", WeightedMapping(subject="elsewhere"))
    table = {"x": {"subscribe": {"orders.>": "filtered"}}}
    assert_grants(table, users={"x": ORDERS}, account=mapped, sandbox=sandbox, live=True)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([], "expected a table of grants, got list"),
        ({"x": []}, "the grants of 'x' are a mapping"),
        ({"x": {"pub": {}}}, "'x' has 'pub'"),
        ({"x": {"deliver": {}}}, "'x' has 'deliver'"),
        ({"x": {"publish": ["a"]}}, "'x' has 'publish'"),
        ({"x": {"publish": {1: True}}}, "a subject is text, got int"),
        (
            {"x": {"publish": {"a": "yes"}}},
            "allow, deny, filtered; got 'yes'",
        ),
        ({"x": {"publish": {"a": None}}}, "got None"),
        ({"y": {"publish": {"a": True}}}, "who is 'y'"),
        ({7: {"publish": {"a": True}}}, "expected a user or permissions, got int"),
    ],
)
def test_another_shape_is_refused(table: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        assert_grants(table, users={"x": {}})


def test_arguments_of_other_types_are_refused() -> None:
    table = {"x": {"publish": {"a": True}}}
    for options in ({"users": ["x"]}, {"sandbox": "x"}, {"users": {"x": {}}, "account": "A"}):
        with pytest.raises(UsageError):
            assert_grants(table, **options)


def test_creds_are_called_by_their_name_or_key() -> None:
    elsewhere = Sandbox()
    named: Creds = elsewhere.add_user("alice", ORDERS)
    assert failure({named: {"publish": {"users": True}}})[3].startswith("alice ")
    user = encode(
        UserClaims(sub=KeyPair.generate(KeyType.USER).public_key), KeyPair.generate(KeyType.ACCOUNT)
    )
    assert failure({user: {"publish": {"users": False}}})[3].startswith(user.claims.sub)
