from __future__ import annotations

import asyncio
import time
from datetime import timedelta
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
from natsauth.errors import ClaimsError, NotFoundError, UsageError
from natsauth.testing import Sandbox, assert_grants, deterministic

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
        "    Publishing to 'orders.new' is allowed by 'orders.>' ($.nats.pub.allow[0]). "
        "To forbid it, narrow that entry, or add 'orders.new' to pub.deny."
    )
    assert rows[5] == (
        "    Subscribing to 'orders.>' is accepted, but what 'orders.*.secret' "
        "($.nats.sub.deny[0]) matches is withheld."
    )


@both
@pytest.mark.live
def test_who_gets_no_connection_keeps_no_promise(sandbox: Sandbox, *, live: bool) -> None:
    name = f"bob-{live}"
    creds = sandbox.add_user(name, {"pub": {"allow": ["a"]}})
    sandbox.account.users[name].revoke()
    sandbox.commit()
    table: Any = {"publish": {"a": True, "b": False}}
    head, _, _, *rows = failure({name: table}, sandbox=sandbox, live=live)
    assert head == "2 of 2 grants are not as expected"
    none = ["no", "connection"] * (1 + live)
    assert [row.split() for row in rows[:2]] == [
        [name, "publish", "a", "True", *none],
        [name, "publish", "b", "False", *none],
    ]
    [reason] = rows[2:]  # once for all of them
    assert reason.startswith(f"    {name!r} gets no connection: user 'U")
    assert "has revoked that. Cure: issue the user a new token" in reason
    # Its permissions alone are another matter.
    assert_grants({creds.token: table}, sandbox=sandbox, live=live)


@both
@pytest.mark.live
def test_whose_time_is_over_keeps_no_promise(*, live: bool) -> None:
    with Sandbox() as sandbox:
        with deterministic(now=time.time() - 60):
            creds = sandbox.account.mint("bob", expires_in=timedelta(seconds=30))
        table = {creds: {"publish": {"a": True}}, "alice": {"publish": {"a": True}}}
        sandbox.add_user("alice")
        head, _, _, row, reason = failure(table, sandbox=sandbox, live=live)
    assert head == "1 of 2 grants are not as expected"
    assert row.split()[:4] == ["bob", "publish", "a", "True"]
    assert "'bob' gets no connection: the user's claims are not valid: " in reason
    assert reason.endswith("Cure: issue the user a new token.")


@pytest.mark.live
def test_a_server_that_disagrees_is_told() -> None:
    table = {"bob": {"publish": {"a": True}}}
    with Sandbox() as sandbox:
        creds = sandbox.add_user("bob")
        sandbox.account.users["bob"].revoke()
        sandbox.commit()
        # The server is not told that it is good again.
        sandbox.account.claims.nats.revocations = None
        sandbox.authority.commit()
        row, reason = failure(table, sandbox=sandbox, live=True)[3:]
        assert row.split() == ["bob", "publish", "a", "True", "allow", "no", "connection"]
        assert reason == (
            "    'bob' gets no connection: Authorization Violation. By its tokens a server takes "
            "it: sandbox.commit() pushes what is committed."
        )
        assert_grants(table, sandbox=sandbox)
        sandbox.server.kill()
        reason = failure({creds: table["bob"]}, sandbox=sandbox, live=True)[4]
        assert reason == "    'bob' gets no connection: connection refused."


@pytest.mark.live
def test_edits_without_a_commit_are_refused() -> None:
    sandbox = Sandbox()
    creds = sandbox.add_user("alice", ORDERS)
    token = creds.token
    table: Any = {"alice": GOOD}
    for node in (sandbox.account.users["alice"], sandbox.account):
        node.claims.nats.tags = ["edited"]
        for key in ("alice", creds, token):
            with pytest.raises(UsageError, match="has edits without a commit") as caught:
                assert_grants({key: GOOD}, sandbox=sandbox)
            assert caught.value.hint == "sandbox.commit()"
            assert repr(node) in str(caught.value)
        sandbox.commit()
        assert_grants(table, sandbox=sandbox)
    sandbox.account.users.add("bob")
    with pytest.raises(NotFoundError, match=r"sandbox/app/bob .* is not committed") as new:
        assert_grants({"bob": GOOD}, sandbox=sandbox)
    assert new.value.hint == "sandbox.commit()"
    # Of a user that is not in the tree there is no draft, whatever its name is.
    for name in ("a/b", "..", "\0", "x" * 300):
        assert_grants({sandbox.account.mint(name): {"publish": {"a": True}}}, sandbox=sandbox)


def test_who_is_likely_meant() -> None:
    sandbox = Sandbox()
    sandbox.add_user("alice")
    sandbox.add_account("other")
    sandbox.add_user("bob", account="other")
    table: Any = {"publish": {"a": True}}
    cases: list[tuple[str, Any, str]] = [
        ("alic", {}, "did you mean 'alice'?"),
        ("billin", {"billing": {}}, "did you mean 'billing'?"),
        ("bob", {}, "give sandbox.creds('bob', account='other')"),
        ("nobody", {"x": {}}, "sandbox.add_user('nobody', …) adds one"),
    ]
    for name, users, hint in cases:
        with pytest.raises(NotFoundError) as caught:
            assert_grants({name: table}, users=users, sandbox=sandbox)
        assert caught.value.hint == hint
    with pytest.raises(UsageError) as unknown:
        assert_grants({"shopp": table}, users={"shop": {}})
    assert unknown.value.hint == "did you mean 'shop'?"


@pytest.mark.parametrize(
    ("permissions", "operation", "subject", "cure"),
    [
        ({}, "publish", "a", "list in pub.allow what is to be allowed, or add 'a' to pub.deny."),
        (
            {"sub": {"allow": [">"]}},
            "subscribe",
            "a.>",
            "narrow that entry; 'a.>' in sub.deny would forbid all below it, too.",
        ),
        (
            {"sub": {"allow": [">"], "deny": ["a.b"]}},
            "subscribe",
            "a.*",
            "narrow sub.allow; 'a.*' in sub.deny would forbid all below it, too.",
        ),
        (
            {"sub": {"allow": ["a q"]}},
            "subscribe",
            "a q",
            "narrow that entry, or add 'a' to sub.deny.",
        ),
    ],
)
def test_the_cure_for_what_is_too_wide(
    permissions: dict[str, Any], operation: str, subject: str, cure: str
) -> None:
    table: Any = {"x": {operation: {subject: False}}}
    reason = failure(table, users={"x": permissions})[-1]
    assert reason.endswith(f". To forbid it, {cure}")
    side = operation[:3]
    denied = {**permissions.get(side, {}), "deny": [subject.partition(" ")[0]]}
    assert_grants(table, users={"x": {side: denied}})


def test_whose_permissions_are_wrong_is_said() -> None:
    users: Any = {"shop": {}, "bob": {"pub": {"alow": ["a"]}}, "eve": {"pub": {"allow": "a"}}}
    table = {"publish": {"a": True}}
    with pytest.raises(UsageError, match="'bob': unknown member 'alow' of pub") as unknown:
        assert_grants({"shop": table, "bob": table}, users=users)
    assert unknown.value.hint == "did you mean 'allow'?"
    with pytest.raises(ClaimsError, match=r"'eve' \$\.pub\.allow: expected list"):
        assert_grants({"eve": table}, users=users)


@both
def test_permissions_that_no_server_takes(*, live: bool) -> None:
    users: Any = {"x": {"pub": {"allow": ["a queue"]}}}
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
@pytest.mark.parametrize("kind", ["account", "system", "token", "named", "claims"])
def test_a_real_account_is_left_alone(kind: str) -> None:
    """What stands in for a user with the same account is kept away from the server of that."""
    table: Any = {"publish": {"a": True, "b": False}}
    permissions = {"pub": {"allow": ["a"]}}
    with Sandbox() as sandbox:
        creds = sandbox.add_user("alice", permissions)
        accounts = {"account": sandbox.account.token, "system": sandbox.system_account.token}
        key = creds.token if kind == "token" else "al"
        users = {"named": creds.token, "claims": creds.token.claims}
        known: Any = {"al": users.get(kind, permissions)}
        before = pushed(sandbox)
        assert_grants(
            {key: table}, users=known, account=accounts.get(kind), sandbox=sandbox, live=True
        )
        assert len(before) == 2
        assert pushed(sandbox) == before
        assert_grants({creds: table, "alice": table}, sandbox=sandbox, live=True)
        sandbox.add_user("bob")
        assert_grants({"bob": {"publish": {"b": True}}}, sandbox=sandbox, live=True)


def pushed(sandbox: Sandbox) -> dict[str, str]:
    """Return the account tokens that a server has."""

    async def fetch() -> dict[str, str]:
        async with sandbox.resolver() as resolver:
            keys = [node.public_key for node in sandbox.operator.accounts.values()]
            found = {key: await resolver.lookup(key) for key in keys}
            return {key: token.encoded for key, token in found.items() if token}

    return asyncio.run(fetch())


@pytest.mark.live
def test_a_server_that_is_gone_refuses_no_permissions() -> None:
    table: Any = {"publish": {"a": False}}
    with Sandbox() as sandbox:
        key, home = KeyPair.generate(KeyType.USER), sandbox.account
        claims = UserClaims(sub=key.public_key, name="eve")
        claims.nats.pub.allow = ["a queue"]
        claims.nats.issuer_account = home.public_key
        creds = Creds.create(encode(claims, home.signer()), key)
        assert_grants({creds: table}, sandbox=sandbox, live=True)
        sandbox.server.kill()
        row, reason = failure({creds: table}, sandbox=sandbox, live=True)[3:]
        assert row.split()[-3:] == ["deny", "no", "connection"]
        assert reason == "    'eve' gets no connection: connection refused."


def test_names_stay_harmless() -> None:
    name = "al\x1b[31mRED\nPASSED fake"
    lines = failure({name: {"publish": {"a\x1b[0m": False}}}, users={name: {}})
    assert len(lines) == 5
    assert "".join(lines).isprintable()
    assert lines[3].startswith(r"al\x1b[31mRED\nPASSED fake  publish    a\x1b[0m")


@pytest.mark.live
def test_the_server_of_a_table_need_not_know_its_users(sandbox: Sandbox) -> None:
    assert_grants({"x": GOOD}, users={"x": ORDERS}, sandbox=sandbox, live=True)


@pytest.mark.live
def test_system_users(sandbox: Sandbox) -> None:
    creds = sandbox.system_account.mint("admin")
    table = {"publish": {"$NRG.x": True}, "subscribe": {"$SYS.>": True}}
    assert_grants({creds: table}, sandbox=sandbox, live=True)


@pytest.mark.live
def test_what_nats_py_does_not_send_is_not_asked(sandbox: Sandbox) -> None:
    users: Any = {"x": {"sub": {"deny": ["b"]}}}
    assert_grants({"x": {"subscribe": {"a.b*": True}}}, users=users, sandbox=sandbox, live=True)
    row = failure({"x": {"subscribe": {"a.b*": False}}}, users=users, sandbox=sandbox, live=True)[3]
    assert row.split()[-2:] == ["allow", "-"]


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
        ({"y": {"publish": {"a": True}}}, "who is 'y'"),
        ({7: {"publish": {"a": True}}}, "'int': expected a user or permissions, got int"),
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
