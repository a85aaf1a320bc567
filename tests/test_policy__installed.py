from __future__ import annotations

from typing import Any

import pytest

from natsauth import (
    Account,
    AccountClaims,
    Permission,
    Permissions,
    User,
    UserClaims,
    UserPermissionLimits,
)
from natsauth.claims import ResponsePermission
from natsauth.policy import Origin, Rule
from natsauth.policy._installed import Installed, install
from natsauth.policy._versions import LATEST, behaviour
from tests._policy import ACCOUNT, SIGNER, USER, scoped

MINUTES = 120 * 10**9
CALLOUT = "$SYS.REQ.USER.AUTH"


def installed(
    permissions: Permissions,
    user: UserClaims | None = None,
    account: AccountClaims | None = None,
    server: str = LATEST,
) -> Installed:
    return install(permissions, user, account, system=False, behaviour=behaviour(server))


def of_user(user: UserClaims, account: AccountClaims) -> Installed:
    return installed(user.nats, user, account)


def pub(allow: list[str] | None = None, deny: list[str] | None = None, **more: Any) -> Permissions:
    return Permissions(pub=Permission(allow=allow, deny=deny), **more)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pub(), pub()),
        (pub([]), pub()),
        (pub(["a"], []), pub(["a"], [])),
        (pub(None, ["b"]), pub(None, ["b"])),
        (pub([], ["b"]), pub([], ["b"])),  # an empty list counts beside one with an entry
        (pub(["a.>.b"]), pub([])),
        (
            Permissions(sub=Permission(allow=[], deny=["b"])),
            Permissions(sub=Permission(deny=["b"])),
        ),
        (
            Permissions(sub=Permission(allow=["a\tq", "a.>.b"])),
            Permissions(sub=Permission(allow=["a q"])),
        ),
        (
            Permissions(resp=ResponsePermission()),
            pub([], resp=ResponsePermission(max=1, ttl=MINUTES)),
        ),
        (
            pub(None, ["b"], resp=ResponsePermission(max=-1, ttl=5)),
            pub([], ["b"], resp=ResponsePermission(max=-1, ttl=5)),
        ),
        (
            pub(["a"], resp=ResponsePermission(max=2, ttl=-1)),
            pub(["a"], resp=ResponsePermission(max=2, ttl=-1)),
        ),
    ],
)
def test_lists_are_installed_as_the_server_does(given: Permissions, expected: Permissions) -> None:
    found = installed(given)
    assert found.permissions() == expected
    assert not found.refused


def test_a_deny_with_a_tab_acted_as_none_once() -> None:
    assert installed(pub(None, ["a\tq"])).permissions().pub.deny == ["a"]
    assert installed(pub(None, ["a\tq"]), server="2.14.3").permissions().pub.deny == []


@pytest.mark.parametrize(
    "given",
    [
        pub(["a q"]),
        pub(None, [""]),
        Permissions(sub=Permission(allow=["ok", "a  q"])),
        Permissions(sub=Permission(deny=["a q r"])),
        Permissions(sub=Permission(allow=["a..b"])),
        Permissions(sub=Permission(allow=["a ."])),
    ],
)
def test_claims_that_the_server_refuses(given: Permissions) -> None:
    assert installed(given).refused.startswith("$.nats.")


def test_a_refusal_names_the_entry() -> None:
    refused = installed(Permissions(sub=Permission(allow=["ok", "a..b"]))).refused
    assert refused == "$.nats.sub.allow[1]: subject 'a..b' has an empty token between two dots"


def with_defaults(**given: Any) -> AccountClaims:
    return AccountClaims(sub=ACCOUNT, nats=Account(default_permissions=Permissions(**given)))


def user(body: User | None = None) -> UserClaims:
    return UserClaims(iss=ACCOUNT, sub=USER, nats=body or User())


def test_defaults_hold_for_users_without_any_permission() -> None:
    account = with_defaults(pub=Permission(allow=["d"]))
    for body in (User(), User(pub=Permission(allow=[], deny=[]))):
        found = of_user(user(body), account)
        assert found.permissions() == pub(["d"])
        assert found.pub_allow
        assert found.pub_allow.rules == [
            Rule("d", "$.nats.default_permissions.pub.allow[0]", Origin.ACCOUNT, "d")
        ]


@pytest.mark.parametrize(
    "body",
    [
        User(sub=Permission(deny=["x"])),
        User(pub=Permission(allow=["a.>.b"])),
        User(resp=ResponsePermission()),
    ],
)
def test_one_permission_switches_the_defaults_off(body: User) -> None:
    found = of_user(user(body), with_defaults(sub=Permission(allow=["d"])))
    assert found.sub_allow is None


def test_bad_defaults_refuse_everybody() -> None:
    body = User(sub=Permission(allow=["a"]))
    found = of_user(user(body), with_defaults(pub=Permission(allow=["a..b"])))
    assert found.refused.startswith("$.nats.default_permissions.pub.allow[0]: ")


def test_a_scope_gives_its_template() -> None:
    template = UserPermissionLimits(
        pub=Permission(allow=["x..y", "u.{{name()}}"]), sub=Permission(allow=["{{tag(none)}}"])
    )
    found = of_user(*scoped(template))
    path = "$.nats.signing_keys[1].template"
    assert found.pub_allow
    assert found.pub_allow.rules == [
        Rule("u.bob", f"{path}.pub.allow[1]", Origin.SCOPE, "u.{{name()}}")
    ]
    assert found.sub_deny
    assert found.sub_deny.rules == [Rule(">", f"{path}.sub.allow", Origin.SERVER, "")]


def test_an_empty_template_leaves_the_defaults() -> None:
    claims, account = scoped(UserPermissionLimits())
    account.nats.default_permissions = pub(["d"])
    assert of_user(claims, account).permissions() == pub(["d"])


def test_a_template_is_not_checked_as_claims_are() -> None:
    found = of_user(*scoped(UserPermissionLimits(pub=Permission(allow=["a q"], deny=["b q"]))))
    assert found.permissions() == pub([], ["b"])
    assert not found.refused


def test_a_scope_refuses_what_it_cannot_fill_in() -> None:
    template = UserPermissionLimits(pub=Permission(deny=["{{tag(none)}}"]))
    refused = of_user(*scoped(template)).refused
    assert refused.startswith("$.nats.signing_keys[1].template.pub.deny[0]: ")


def test_a_scope_refuses_users_with_permissions_of_their_own() -> None:
    claims, account = scoped(UserPermissionLimits())
    claims.nats.subs = -1
    assert "has a scope" in of_user(claims, account).refused


def test_the_identity_key_has_no_scope() -> None:
    claims, account = scoped(UserPermissionLimits(pub=Permission(allow=["t"])))
    account.nats.signing_keys[1].key = ACCOUNT  # type: ignore[union-attr]
    claims.iss = ACCOUNT
    assert of_user(claims, account).permissions() == pub()


def test_strangers_are_refused() -> None:
    account = AccountClaims(sub=ACCOUNT)
    assert (
        "is none of the account's"
        in of_user(
            UserClaims(iss=SIGNER, sub=USER, nats=User(issuer_account=ACCOUNT)), account
        ).refused
    )
    assert "belongs to account" in of_user(UserClaims(iss=SIGNER, sub=USER), account).refused
    assert not of_user(UserClaims(sub=USER), account).refused  # a draft
    assert not of_user(user(), AccountClaims()).refused


def test_an_account_with_an_auth_callout_denies_its_subject() -> None:
    account = AccountClaims(sub=ACCOUNT)
    account.nats.enable_external_authorization(USER)
    rule = Rule(CALLOUT, "$.nats.authorization.auth_users", Origin.SERVER, "")
    alone = of_user(user(), account)
    assert alone.pub_allow is None
    assert alone.pub_deny
    assert alone.pub_deny.rules == [rule]
    beside = of_user(user(User(pub=Permission(deny=["x"]))), account).pub_deny
    assert beside
    assert beside.rules == [Rule("x", "$.nats.pub.deny[0]", Origin.USER, "x"), rule]


def test_permissions_are_copies() -> None:
    found = installed(pub(["a"], resp=ResponsePermission(max=3)))
    first = found.permissions()
    first.allow_pub("b")
    assert first.resp
    first.resp.max = 9
    assert found.permissions() == pub(["a"], resp=ResponsePermission(max=3, ttl=MINUTES))
