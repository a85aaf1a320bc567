"""``natsauth import account`` and ``import user``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from natsauth.claims import Account, AccountClaims, User, UserClaims
from natsauth.creds import Creds
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

OWNER, STRANGER = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.OPERATOR)
ALICE = KeyPair.generate(KeyType.USER)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store with an operator ``o`` and an account ``a``."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys --generate-signing-key")
    shop("add account a")
    return shop


def account(shop: Workshop, signer: KeyPair = OWNER, *, name: str = "b", **more: Any) -> Path:
    body = Account(description="from elsewhere")
    claims = AccountClaims(sub=OWNER.public_key, name=name, nats=body, **more)
    return kept(shop, encode(claims, signer).encoded)


def kept(shop: Workshop, text: str) -> Path:
    file = shop.path.parent / "file"
    file.write_text(text)
    return file


def test_an_account_that_signed_itself_is_signed_by_the_operator(shop: Workshop) -> None:
    result = shop.run("import", "account", "--file", account(shop, exp=4_000_000_000))
    assert "[ OK ] account b was successfully imported" in result.output
    claims = shop.claims("o", "b")
    assert claims.iss in shop.claims("o").nats.signing_keys
    assert (claims.sub, claims.exp) == (OWNER.public_key, 4_000_000_000)
    assert claims.nats.description == "from elsewhere"


def test_an_account_of_the_operator_stays_as_it_is(shop: Workshop) -> None:
    token = shop.store.read("o", "a")
    file = kept(shop, token)
    assert "there is already" not in shop.fails("import", "account", "-j", file)
    shop.store.delete("o", "a")
    shop("import", "account", "-j", file)
    assert shop.store.read("o", "a") == token
    [step] = shop.json("import", "account", "-j", file, "--overwrite")
    assert step["public_key"] == shop.claims("o", "a").sub
    assert shop.store.read("o", "a") == token


def test_an_account_of_another_operator_needs_force(shop: Workshop) -> None:
    file = account(shop, STRANGER)
    assert "which is no key of operator" in shop.fails("import", "account", "-j", file)
    shop("import", "account", "-j", file, "--force")
    assert shop.claims("o", "b").iss in shop.claims("o").nats.signing_keys


def test_a_name_of_somebody_else_is_not_taken(shop: Workshop) -> None:
    file = account(shop, name="A")
    assert "another account 'a'" in shop.fails("import", "account", "-j", file, "--overwrite")
    file = account(shop, name="a/b")
    assert "'/'" in shop.fails("import", "account", "-j", file)


def test_an_account_that_servers_refuse_needs_skip(shop: Workshop) -> None:
    file = account(shop, exp=1000)
    assert "--skip takes it in" in shop.fails("import", "account", "-j", file)
    result = shop.run("import", "account", "-j", file, "--skip")
    assert result.exit_code == 0
    assert "[WARN] validation resulted in: $.exp: expired" in result.output
    assert shop.claims("o", "b").exp == 1000


def test_a_user_comes_with_its_seed(shop: Workshop) -> None:
    key = KeyPair.from_seed(shop.store.seed(shop.claims("o", "a").sub))
    token = encode(UserClaims(sub=ALICE.public_key, name="alice", nats=User()), key)
    file = kept(shop, Creds.create(token, ALICE).format())
    lines = shop.masked(shop.run("import", "user", "-f", file).output)
    assert lines[-2].startswith("[ OK ] key stored `PLACE/")
    assert lines[-1] == "[ OK ] user alice was successfully imported"
    assert shop.store.read("o", "a", "alice") == token.encoded
    assert shop.store.seed(ALICE.public_key) == ALICE.reveal_seed()
    assert "is here already" in shop.fails("import", "user", "-f", file)
    [*_, step] = shop.json("import", "user", "-f", file, "--overwrite")
    assert step["path"] == ["o", "a", "alice"]


def test_a_user_of_an_unknown_account_is_refused(shop: Workshop) -> None:
    token = encode(UserClaims(sub=ALICE.public_key, name="alice", nats=User()), OWNER)
    assert "import it first" in shop.fails("import", "user", "-f", kept(shop, token.encoded))


def test_a_user_whose_signer_the_account_does_not_know(shop: Workshop) -> None:
    body = User(issuer_account=shop.claims("o", "a").sub)
    token = encode(UserClaims(sub=ALICE.public_key, name="alice", nats=body), OWNER)
    said = shop.fails("import", "user", "-f", kept(shop, token.encoded))
    assert OWNER.public_key in said


def test_the_wrong_kind_of_token(shop: Workshop) -> None:
    file = kept(shop, shop.store.read("o"))
    assert "operator" in shop.fails("import", "account", "-j", file)
    assert "operator" in shop.fails("import", "user", "-f", file)
    assert "--file" in shop.fails("import user", code=2)


def test_what_is_newer_here_stays_unless_that_is_said(shop: Workshop) -> None:
    file = kept(shop, shop.store.read("o", "a"))
    shop("edit account a --tag newer")
    said = shop.fails("import", "account", "-j", file, "--overwrite")
    assert "it is newer here than in the file" in said
    assert "--overwrite-newer" in said
    shop("import", "account", "-j", file, "--overwrite-newer")
    assert not shop.body("o", "a").tags
    shop("add user u")
    file = kept(shop, shop.store.read("o", "a", "u"))
    shop("edit user u --tag newer")
    assert "it is newer here" in shop.fails("import", "user", "-f", file, "--overwrite")
    shop("import", "user", "-f", file, "--overwrite-newer")
    assert not shop.body("o", "a", "u").tags
