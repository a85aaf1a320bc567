from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Authority
from natsauth.claims import Account, ActivationClaims, Export, Import
from natsauth.errors import (
    ClaimsError,
    ExistsError,
    NatsAuthError,
    NotFoundError,
    SecretError,
    TrustError,
    UsageError,
    ValidationError,
)
from natsauth.keys import KeyType
from natsauth.store import MemoryStore
from natsauth.token import decode
from natsauth.validation import validate
from tests._authority import NOW, check_tree, key, small_tree

if TYPE_CHECKING:
    from natsauth.authority import AccountNode, OperatorNode

HOUR = timedelta(hours=1)


def sharing() -> tuple[Authority, OperatorNode, AccountNode, AccountNode]:
    """Make "app", which exports, and "other", which may import."""
    authority, operator, account = small_tree(MemoryStore())
    account.claims.nats.exports = [
        Export(subject="public.>", type="stream"),
        Export(subject="private.>", type="stream", token_req=True),
        Export(subject="both", type="stream"),
        Export(subject="both", type="service", token_req=True),
    ]
    other = operator.accounts.add("other")
    authority.commit()
    return authority, operator, account, other


def test_a_public_import() -> None:
    authority, _, account, other = sharing()
    item = Import(subject="public.news", account=account.public_key, type="stream")
    assert other.add_import(item) is item
    authority.commit()
    assert other.token.claims.nats.imports == [item]
    with pytest.raises(ExistsError, match=r"imported from A\w+ already"):
        other.add_import(item)


def test_an_import_by_activation() -> None:
    authority, _, account, other = sharing()
    token = account.activate(
        "private.a", other.public_key, expires_in=HOUR, not_before=NOW, now=NOW
    )
    assert token.claims.nbf == NOW
    claims = token.claims
    assert (claims.sub, claims.exp, claims.iat) == (other.public_key, NOW + 3600, NOW)
    assert (claims.nats.subject, claims.nats.kind) == ("private.a", "stream")
    assert claims.nats.issuer_account == account.public_key
    assert validate(claims, now=NOW)
    made = other.add_import(token, local_subject="here")
    assert made == Import(
        name="private.a", subject="private.a", account=account.public_key, token=token.encoded,
        local_subject="here", type="stream",
    )  # fmt: skip
    authority.commit(now=NOW)
    check_tree(authority.store, NOW)


def test_all_is_set_up_in_one_commit() -> None:
    authority = Authority(MemoryStore())
    operator = authority.operators.ensure("op", signing_keys=1)
    exporter = operator.accounts.ensure(
        "a", Account(exports=[Export(subject="q", type="service", token_req=True)])
    )
    importer = operator.accounts.ensure("b")
    importer.add_import(exporter.activate("q", importer.public_key), name="mine")
    authority.commit()
    made = importer.token.claims.nats.find_import("q", exporter.public_key)
    assert made
    assert made.name == "mine"


def test_a_private_export_is_found_beside_a_public_one_of_the_subject() -> None:
    _, _, account, other = sharing()
    assert account.activate("both", other.public_key).claims.nats.kind == "service"


@pytest.mark.parametrize(
    ("subject", "hint"), [("public.a", "needs no activation"), ("other", "export it first")]
)
def test_there_is_nothing_to_activate(subject: str, hint: str) -> None:
    _, _, account, other = sharing()
    with pytest.raises(NotFoundError, match="has no private export") as caught:
        account.activate(subject, other.public_key)
    assert hint in caught.value.hint


def test_a_scoped_key_activates_nothing() -> None:
    authority, operator, account, other = sharing()
    scope = account.claims.nats.scope("team")
    assert scope
    for signer in ("team", scope.key, authority._tree.key(scope.key)):
        with pytest.raises(TrustError, match="may not sign activation"):
            account.activate("private.a", other.public_key, signer=signer)  # type: ignore[arg-type]
    account.users["alice"].delete()
    account.signing_keys.remove(account.signer().public_key)  # type: ignore[arg-type]
    assert account.activate("private.a", other.public_key).claims.iss == account.public_key
    operator.require_signing_keys()
    with pytest.raises(SecretError, match="nobody may sign activation"):
        account.activate("private.a", other.public_key)


def test_a_grant_in_the_second_of_its_revocation_counts() -> None:
    _, _, account, other = sharing()
    export = (account.claims.nats.exports or [])[1]
    assert export
    export.revoke(other.public_key, at=NOW)
    token = account.activate("private.a", other.public_key, now=NOW)
    assert not export.is_revoked(other.public_key, token.claims.iat)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"account": "nobody"}, ClaimsError),
        ({"account": key(KeyType.USER).public_key}, ClaimsError),
        ({"account": 5}, ClaimsError),
        ({"account": []}, ClaimsError),
        ({"subject": 5}, UsageError),
        ({"expires_in": timedelta(0)}, ClaimsError),
        ({"expires_in": 5}, UsageError),
        ({"signer": 5}, UsageError),
        ({"signer": key(KeyType.ACCOUNT)}, TrustError),
        ({"now": "today"}, UsageError),
    ],
)
def test_what_cannot_be_activated_is_refused(
    arguments: dict[str, Any], error: type[NatsAuthError]
) -> None:
    _, _, account, other = sharing()
    with pytest.raises(error):
        account.activate(**{"subject": "private.a", "account": other.public_key, **arguments})


def test_an_activation_for_somebody_else_is_refused() -> None:
    _, _, account, other = sharing()
    token = account.activate("private.a", key(KeyType.ACCOUNT).public_key)
    with pytest.raises(TrustError, match="the activation is for"):
        other.add_import(token)
    assert other.claims.nats.imports is None


@pytest.mark.parametrize("source", ["text", 5, None, Export(subject="a")])
def test_what_is_no_import_is_refused(source: Any) -> None:
    _, _, _, other = sharing()
    with pytest.raises(UsageError, match="expected an Import or an activation"):
        other.add_import(source)


def test_a_token_of_another_kind_is_refused() -> None:
    _, _, account, other = sharing()
    with pytest.raises(NatsAuthError, match="expected a token of ActivationClaims"):
        other.add_import(account.token)  # type: ignore[arg-type]


@pytest.mark.parametrize("more", [{"name": "a"}, {"local_subject": "a"}])
def test_an_import_has_its_names_in_itself(more: dict[str, str]) -> None:
    _, _, account, other = sharing()
    item = Import(subject="public.a", account=account.public_key, type="stream")
    with pytest.raises(UsageError, match="of its own"):
        other.add_import(item, **more)


def test_an_import_that_no_server_takes_is_refused_by_the_commit() -> None:
    authority, _, _, other = sharing()
    other.add_import(Import(subject="public.a", account="", type="stream"))
    with pytest.raises(ValidationError, match=r"account 'other': \$\.nats\.imports\[0\]"):
        authority.commit()


def test_the_activation_is_that_of_its_text() -> None:
    _, _, account, other = sharing()
    token = account.activate("private.a", other.public_key)
    token.claims.nats.subject = "private.>"
    assert other.add_import(token).subject == "private.a"
    assert decode(token, ActivationClaims).claims.nats.subject == "private.a"
