"""``natsauth reissue``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsauth.claims import AccountClaims, UserClaims
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


RESTART = (
    "[WARN] servers have the operator in their configuration: natsauth generate config, and "
    "restart them, before you push what a new key signs"
)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give an operator without signing keys, a system account, account ``a`` and user ``u``."""
    shop = Workshop(tmp_path)
    shop("add operator o --sys")
    shop("add account a")
    shop("add user u")
    return shop


def test_an_operator_gets_another_identity_and_its_accounts_are_signed_by_it(
    shop: Workshop,
) -> None:
    before, user = shop.claims("o"), shop.store.read("o", "a", "u")
    assert shop("reissue operator") == [
        '[ OK ] operator "o" successfully changed identity to: O...',
        '[ OK ] account "SYS" re-signed',
        '[ OK ] account "a" re-signed',
        RESTART,
    ]
    after = shop.claims("o")
    assert after.sub != before.sub
    assert (after.iss, after.nats) == (after.sub, before.nats)
    assert {shop.claims("o", name).iss for name in ("SYS", "a")} == {after.sub}
    assert shop.store.read("o", "a", "u") == user
    assert shop.store.seed(after.sub)
    assert shop.store.seed(before.sub)  # nsc keeps it, too
    assert shop("edit account a --tag x")[-1] == '[ OK ] edited account "a"'


def test_another_run_mends_what_was_cut_off(shop: Workshop) -> None:
    old = shop.store.read("o", "a")
    shop("reissue operator")
    shop.store.write(old, "o", "a")  # as a kill between two writes leaves it
    lines = shop("reissue operator --convert-to-signing-key")
    assert lines[2:] == ['[ OK ] account "a" re-signed', RESTART]
    assert shop.claims("o", "a").iss in shop.body("o").signing_keys


def test_strange_accounts_are_named(shop: Workshop) -> None:
    claims = AccountClaims(name="x", sub=KeyPair.generate(KeyType.ACCOUNT).public_key)
    strange = encode(claims, KeyPair.generate(KeyType.OPERATOR)).encoded
    shop.store.write(strange, "o", "x")
    lines = shop("reissue operator")
    told = (
        '[WARN] account "x" is signed by none of the operator\'s keys: if it is yours, natsauth '
        "reissue account x"
    )
    assert lines[3:] == [told, RESTART]
    assert shop.store.read("o", "x") == strange
    shop("reissue account x")
    assert '[ OK ] account "x" re-signed' in shop("reissue operator")


def test_the_old_identity_goes_on_as_a_signing_key(shop: Workshop) -> None:
    old, account = shop.claims("o").sub, shop.store.read("o", "a")
    lines = shop("reissue operator o --convert-to-signing-key")
    assert lines[1:] == ['[ OK ] old operator key "O..." turned into signing key', RESTART]
    claims = shop.claims("o")
    assert claims.nats.signing_keys == [old]
    assert claims.iss == claims.sub != old
    assert shop.store.read("o", "a") == account


def test_a_key_that_is_named_becomes_the_identity(shop: Workshop, tmp_path: Path) -> None:
    pair = KeyPair.generate(KeyType.OPERATOR)
    file = tmp_path / "new.nk"
    file.write_text(pair.reveal_seed())
    shop(f"reissue operator -K {file}")
    assert shop.claims("o").sub == pair.public_key
    shop("edit operator --sk generate")
    [signing_key] = shop.claims("o").nats.signing_keys
    shop(f"reissue operator -K {signing_key}")
    assert shop.claims("o").sub == signing_key


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("reissue operator none", 1, "there is no operator 'none'"),
        (f"reissue operator -K {KeyPair.generate(KeyType.OPERATOR).public_key}", 1, "seed of"),
        ("reissue account", 2, "--all is all of it"),
        ("reissue account a --all", 2, "--all is all of it"),
        ("reissue account none", 1, "there is no account"),
        ("reissue user none", 1, "there is no user"),
    ],
)
def test_mistakes_leave_everything_as_it_was(
    shop: Workshop, command: str, code: int, message: str
) -> None:
    assert message in shop.fails(command, code=code)


def test_a_dry_run_changes_nothing(shop: Workshop) -> None:
    for words in ("operator", "account --all --users", "user u"):
        before = shop.files()
        assert shop.run(f"reissue {words} --dry-run").exit_code == 0
        assert shop.files() == before


def test_the_way_to_a_strict_operator(shop: Workshop) -> None:
    said = shop.fails("edit operator --require-signing-keys")
    assert "hint: natsauth edit operator --sk generate makes one\n" in said
    shop("edit operator --sk generate")
    said = shop.fails("edit operator --require-signing-keys")
    assert "account 'a' (account_strict), user 'a/u' (user_strict)" in said
    assert (
        "hint: natsauth edit account a --sk generate, then natsauth reissue account --all --users; "
        "--force goes ahead all the same\n"
    ) in said
    assert shop("reissue account --all --users")[-1] == (
        '[WARN] users of account "a" are signed by its identity key still: '
        "natsauth edit account a --sk generate, and reissue them once more"
    )
    shop("edit account a --sk generate")
    said = shop.fails("edit operator --require-signing-keys")
    assert "hint: natsauth reissue account --all --users; --force goes ahead" in said
    assert shop("reissue account --all --users") == [
        '[ OK ] account "SYS" re-signed',
        '[ OK ] user "sys" re-signed',
        '[ OK ] account "a" re-signed',
        '[ OK ] user "u" re-signed',
    ]
    shop("edit operator --require-signing-keys")
    assert shop.body("o").strict_signing_key_usage


def test_users_are_signed_anew_and_those_of_a_role_keep_it(shop: Workshop) -> None:
    shop("add signing-key --role r")
    shop("add user s -K r")
    shop("edit account a --sk generate")
    role = shop.body("o", "a").scope("r").key
    plain = next(key for key in shop.body("o", "a").signing_keys if isinstance(key, str))
    before = shop.claims("o", "a", "s").iat
    shop("reissue user -a a --all")
    assert shop.claims("o", "a", "u").iss == plain
    assert shop.claims("o", "a", "s").iss == role
    assert shop.claims("o", "a", "s").iat > before


def test_the_signer_of_accounts_signs_no_users(shop: Workshop) -> None:
    shop("edit account a --sk generate")
    shop(f"reissue account a --users -K {shop.claims('o').sub}")
    assert shop.claims("o", "a", "u").iss in shop.body("o", "a").signing_keys


def test_a_signer_can_be_named(shop: Workshop) -> None:
    shop("edit operator --sk generate")
    shop("reissue account a")
    [signing_key] = shop.body("o").signing_keys
    assert shop.claims("o", "a").iss == signing_key
    identity = shop.claims("o").sub
    shop(f"reissue account a -K {identity}")
    assert shop.claims("o", "a").iss == identity
    account = shop.claims("o", "a").sub
    shop("edit account a --sk generate")
    shop("reissue user u")
    shop(f"reissue user u -K {account}")
    assert shop.claims("o", "a", "u").iss == account


def test_who_is_revoked_is_trusted_again_only_by_name(shop: Workshop) -> None:
    shop("add user v")
    shop("add revocation -n u")
    before = shop.store.read("o", "a", "u")
    told = '[WARN] user "u" is revoked, and stays as it is: name it to have it trusted again'
    for words in ("account --all --users", "account a --users", "user -a a --all"):
        lines = shop(f"reissue {words}")
        assert told in lines
        assert '[ OK ] user "v" re-signed' in lines
        assert '[ OK ] user "u" re-signed' not in lines
    assert shop.store.read("o", "a", "u") == before
    shop("reissue user u")
    assert not shop.body("o", "a").is_revoked(
        shop.claims("o", "a", "u").sub, shop.claims("o", "a", "u").iat
    )


def test_what_others_signed_is_taken_over_only_by_name(shop: Workshop) -> None:
    owner, stranger = KeyPair.generate(KeyType.ACCOUNT), KeyPair.generate(KeyType.OPERATOR)
    planted = encode(AccountClaims(name="evil", sub=owner.public_key), stranger)
    shop.store.write(planted.encoded, "o", "evil")
    user = UserClaims(name="eve", sub=KeyPair.generate(KeyType.USER).public_key)
    shop.store.write(encode(user, owner).encoded, "o", "evil", "eve")
    shop.store.write(encode(user, owner).encoded, "o", "a", "eve")
    before = {path: shop.store.read(*path) for path in (("o", "evil"), ("o", "a", "eve"))}
    lines = shop("reissue account --all --users")
    assert [line for line in lines if "[WARN]" in line] == [
        f"[WARN] {what} is signed by a key that is none of its operator's or account's, and stays "
        "as it is: name it to have it trusted again"
        for what in ('account "evil"', 'user "eve"')
    ]
    assert "[WARN]" in shop("reissue user -a a --all")[0]
    assert {path: shop.store.read(*path) for path in before} == before
    shop("reissue account evil")
    assert shop.claims("o", "evil").iss == shop.claims("o").sub
