"""Creds against the answers of Go (spec.json), the files of nsc (creds.json), and much damage."""

from __future__ import annotations

import copy
import json
import pickle
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from natsauth._base64 import decode as from_base64url
from natsauth.claims.account import AccountClaims
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.user import User, UserClaims
from natsauth.creds import MAX_BYTES, Creds
from natsauth.errors import (
    ClaimTypeError,
    CredsError,
    FileError,
    KeyRoleError,
    KeyTextError,
    MalformedTokenError,
    SecretError,
    SignatureError,
    TokenTooLargeError,
    UsageError,
)
from natsauth.keys import KeyPair, KeyType
from natsauth.token import Token, encode
from tests._tokens import ACCOUNT, CURVE, IAT, OPERATOR, USER, shown
from tests._vectors import SPEC, VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable

NSC = json.loads((VECTORS / "creds.json").read_text(encoding="utf-8"))["files"]
GO: str = SPEC["creds_format"]["format_user_config"]

OTHER = KeyPair.from_raw_seed(KeyType.USER, b"\4" * 32)
SEED = USER.reveal_seed()


def user_token(**nats: Any) -> Token[UserClaims]:
    return encode(UserClaims(sub=USER.public_key, name="U", nats=User(**nats)), ACCOUNT, now=IAT)


def scoped_token(**nats: Any) -> Token[UserClaims]:
    body = User(**nats)
    body.clear()
    return encode(UserClaims(sub=USER.public_key, nats=body), ACCOUNT, now=IAT)


TOKEN = user_token()
BEARER = user_token(bearer_token=True)
CREDS = Creds.create(TOKEN, USER)


def refused(text: str | bytes) -> CredsError:
    """Return the error about creds, once it is sure that it tells no secret."""
    with pytest.raises(CredsError) as caught:
        Creds.parse(text)
    report = shown(caught.value)
    for secret in (SEED, TOKEN.encoded, BEARER.encoded, TOKEN.encoded.split(".")[2]):
        assert secret not in report
    return caught.value


# What others write


def test_written_is_what_go_writes() -> None:
    assert CREDS.format() == GO
    assert TOKEN.encoded == CREDS.jwt
    assert Creds.create(TOKEN.encoded, USER).format() == GO
    assert Creds.parse(GO).format() == GO


def test_without_a_key_the_block_of_the_token_is_written() -> None:
    block = SPEC["creds_format"]["decorate_jwt"]
    creds = Creds.create(BEARER, None)
    assert creds.format() == block.replace(TOKEN.encoded, BEARER.encoded)
    assert Creds.parse(creds.format()) == creds


@pytest.mark.parametrize("row", SPEC["creds_parse"], ids=lambda row: row["name"])
def test_read_is_what_go_reads_from_whole_creds(row: dict[str, Any]) -> None:
    if row["name"] in {"normal", "crlf", "blank line inside seed block"}:
        creds = Creds.parse(row["content"])
        assert (creds.jwt, creds.reveal_seed()) == (row["jwt"], row["seed"])
        assert row["user_nkey_error"] is None
    else:
        assert row["user_nkey_error"] or not row["jwt"].startswith("eyJ")
        refused(row["content"])


@pytest.mark.parametrize("text", NSC.values(), ids=NSC.keys())
def test_the_files_of_nsc_come_back_as_they_were(text: str) -> None:
    creds = Creds.parse(text)
    lines = text.split("\n")
    assert (creds.jwt, creds.reveal_seed()) == (lines[1], lines[9])
    assert creds.token.claims.sub == creds.public_key
    assert creds.format() == text


# Reading


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", " \t\n    "),
        lambda text: text.replace("-----BEGIN", "---BEGIN").replace("------\n", "---\n"),
        lambda text: "\ufeff" + text,
        lambda text: f"\n# für alice\n---- \n-----\n{text}eyJ\n",
        lambda text: text[: text.rindex("------") + 6],  # as jwt.js ends, and with no line break
        lambda text: text.split("\n\n")[0] + "\n" + text[text.index("-----BEGIN USER") :],
    ],
)
def test_layout_does_not_matter(change: Callable[[str], str]) -> None:
    text = change(GO)
    assert text != GO
    assert Creds.parse(text) == CREDS
    assert Creds.parse(text.encode()) == CREDS


@pytest.mark.parametrize("form", ["utf-8-sig", "ascii"])
def test_bytes_are_read_too(form: str) -> None:
    assert Creds.parse(GO.encode(form)) == CREDS


def without(words: str) -> str:
    """Return the creds without the line that has the words."""
    return "".join(line for line in GO.splitlines(keepends=True) if words not in line)


JWT_BLOCK, SEED_BLOCK = GO[: GO.index("***")], GO[GO.index("***") :]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no NATS USER JWT block"),
        ("alice.creds", "there is no NATS USER JWT block"),
        (TOKEN.encoded, "there is no NATS USER JWT block"),
        (SEED_BLOCK, "there is no NATS USER JWT block"),
        (JWT_BLOCK, f"the seed of '{USER.public_key}' is missing"),
        (JWT_BLOCK + SEED, f"the seed of '{USER.public_key}' is missing"),
        (SEED_BLOCK + JWT_BLOCK, "the seed stands before the token"),
        (GO + JWT_BLOCK, "there are two NATS USER JWT blocks"),
        (GO + SEED_BLOCK, "there are two USER NKEY SEED blocks"),
        (without("BEGIN NATS"), "the NATS USER JWT block has no BEGIN line"),
        (without("END NATS"), "the NATS USER JWT block has no END line"),
        (without("BEGIN USER"), "the USER NKEY SEED block has no BEGIN line"),
        (without("END USER"), "the USER NKEY SEED block has no END line"),
        (without("BEGIN"), "the NATS USER JWT block has no BEGIN line"),
        (without("END"), "the NATS USER JWT block has no END line"),
        (without("eyJ"), "the NATS USER JWT block has 0 lines, expected one"),
        (without("SUA"), "the USER NKEY SEED block has 0 lines, expected one"),
        (GO.replace(".", ".\n"), "the NATS USER JWT block has 3 lines, expected one"),
        (GO.replace("END NATS USER JWT", "END USER NKEY SEED"), "USER JWT block has no END line"),
        (GO.replace("BEGIN NATS USER", "BEGIN NATS ACCOUNT"), "and this one another"),
        (GO.replace("USER NKEY", "ACCOUNT NKEY"), "and this one another"),
        (GO.replace("BEGIN NATS USER JWT", f"BEGIN {SEED}"), "and this one another"),
        (GO.replace("BEGIN NATS USER JWT", "BEGIN"), "and this one another"),
        (GO.replace("END NATS USER JWT", "END"), "and this one another"),
        (GO.replace("-----BEGIN NATS", "--BEGIN NATS"), "NATS USER JWT block has no BEGIN line"),
        (GO.replace("JWT------", "JWT"), "the NATS USER JWT block has no END line"),
        (GO.encode("utf-16"), "creds are text in UTF-8"),
        (b"\xff" + GO.encode(), "creds are text in UTF-8"),
        (GO + "-" * MAX_BYTES, "creds have at most 2097152 bytes, got 2098121"),
    ],
)
def test_damaged_creds_are_refused(text: str | bytes, message: str) -> None:
    assert message in str(refused(text))


def test_hints_tell_the_cure() -> None:
    assert "Creds.read() takes the file's name" in refused("alice.creds").hint
    assert refused(without("END")).hint == "copy the file whole, with the lines of dashes"
    assert refused(JWT_BLOCK).hint == "only a user with bearer_token logs in without a seed"


def in_place_of_the_token(text: str) -> str:
    return GO.replace(TOKEN.encoded, text)


def in_place_of_the_seed(text: str) -> str:
    return GO.replace(SEED, text)


@pytest.mark.parametrize(
    ("text", "cause", "message"),
    [
        (in_place_of_the_token("x"), MalformedTokenError, "a token has three chunks"),
        (in_place_of_the_token(TOKEN.encoded[:-3]), SignatureError, "a signature has 64 bytes"),
        (in_place_of_the_token("x" * (1 << 20) + "."), TokenTooLargeError, "1048576 characters"),
        (
            in_place_of_the_token(encode(AccountClaims(sub=ACCOUNT.public_key), OPERATOR).encoded),
            ClaimTypeError,
            "expected a token of UserClaims, got one of account claims",
        ),
        (
            in_place_of_the_token(
                encode(OperatorClaims(sub=OPERATOR.public_key), OPERATOR).encoded
            ),
            ClaimTypeError,
            "got one of operator claims",
        ),
        (in_place_of_the_seed("SU"), KeyTextError, "invalid seed: expected 58 characters, got 2"),
        (in_place_of_the_seed(SEED.lower()), KeyTextError, "invalid seed: "),
        (in_place_of_the_seed(SEED[:-1] + "A"), KeyTextError, "invalid seed: "),
        (in_place_of_the_seed(USER.public_key), KeyTextError, "expected 58 characters, got 56"),
        (
            in_place_of_the_seed(ACCOUNT.reveal_seed()),
            KeyRoleError,
            "expected a seed of role user, got one of role account",
        ),
        (
            in_place_of_the_seed(CURVE.reveal_seed()),
            KeyRoleError,
            "expected a seed of role user, got one of role curve",
        ),
        (
            in_place_of_the_seed(OTHER.reveal_seed()),
            type(None),
            f"the key {OTHER.public_key} does not prove a token for '{USER.public_key}'",
        ),
    ],
)
def test_a_bad_token_or_seed_is_the_cause(text: str, cause: type, message: str) -> None:
    error = refused(text)
    assert message in str(error)
    assert type(error.__cause__) is cause


def test_the_hint_of_a_bad_seed_is_kept() -> None:
    assert refused(in_place_of_the_seed("0" + SEED[1:])).hint.startswith("keys are written in")


@pytest.mark.parametrize("what", [None, 1, Path("alice.creds"), bytearray(GO.encode())])
def test_only_text_is_read(what: Any) -> None:
    with pytest.raises(UsageError, match=r"expected the content of a creds file, got .*read\(\)"):
        Creds.parse(what)


def test_an_expired_token_is_read() -> None:
    claims = UserClaims(sub=USER.public_key, exp=IAT + 1)
    creds = Creds.create(encode(claims, ACCOUNT, now=IAT), USER)
    assert Creds.parse(creds.format()).token.claims.exp == IAT + 1


@pytest.mark.parametrize(
    "piece",
    ["-", "\n", " ", "\r\n", "---\n", "-\n", "---BEGIN ", "x", "-----BEGIN NATS USER JWT-----\n",
     "-----BEGIN NATS USER JWT-----\n-----END NATS USER JWT-----\n", "eyJ.", "\N{NO-BREAK SPACE}"],
)  # fmt: skip
def test_time_is_linear(piece: str) -> None:
    for text in (piece * (MAX_BYTES // len(piece)), JWT_BLOCK + piece * 300_000):
        start = time.process_time()
        refused(text)
        assert time.process_time() - start < 5  # slow machines; quadratic time would take hours


# Joining token and key


@pytest.mark.parametrize(
    "token",
    [BEARER, BEARER.encoded, scoped_token(issuer_account=ACCOUNT.public_key)],
)
def test_a_user_who_may_be_a_bearer_needs_no_key(token: Token[UserClaims] | str) -> None:
    creds = Creds.create(token, None)
    assert creds.public_key == USER.public_key
    for use in (creds.reveal_seed, lambda: creds.sign(b"nonce")):
        with pytest.raises(SecretError, match=f"the creds of '{USER.public_key}' hold no seed"):
            use()


@pytest.mark.parametrize(
    "token", [TOKEN, user_token(issuer_account=ACCOUNT.public_key), scoped_token()]
)
def test_other_users_need_their_key(token: Token[UserClaims]) -> None:
    with pytest.raises(CredsError, match=f"the seed of '{USER.public_key}' is missing"):
        Creds.create(token, None)


def test_the_key_must_be_that_of_the_subject() -> None:
    with pytest.raises(CredsError, match=f"{OTHER.public_key} does not prove .*{USER.public_key}"):
        Creds.create(TOKEN, OTHER)
    with pytest.raises(CredsError, match="does not prove"):
        Creds.create(BEARER, OTHER)


def test_the_key_must_be_that_of_a_user() -> None:
    with pytest.raises(KeyRoleError, match="expected a public user key, got a public account key"):
        Creds.create(TOKEN, ACCOUNT)


def test_the_token_must_be_that_of_a_user() -> None:
    account = encode(AccountClaims(sub=ACCOUNT.public_key), OPERATOR)
    with pytest.raises(ClaimTypeError, match="expected a token of UserClaims"):
        Creds.create(account, USER)  # type: ignore[arg-type]
    with pytest.raises(MalformedTokenError):
        Creds.create("x", USER)


@pytest.mark.parametrize("key", [SEED, SEED.encode(), USER.public, USER.to_nkeys(), False])
def test_the_key_must_be_a_key_pair(key: Any) -> None:
    with pytest.raises(UsageError, match="expected a KeyPair or None, got "):
        Creds.create(TOKEN, key)


def test_the_token_must_be_one() -> None:
    with pytest.raises(UsageError, match="expected the text of a token, got dict"):
        Creds.create({}, USER)  # type: ignore[arg-type]


def test_creds_are_not_made_without_checks() -> None:
    with pytest.raises(UsageError, match="made by create"):
        Creds()


# Using


def test_editing_the_claims_that_were_joined_changes_nothing() -> None:
    token = user_token()
    creds = Creds.create(token, USER)
    token.claims.sub = OTHER.public_key
    assert creds.public_key == creds.token.claims.sub == USER.public_key


def test_a_nonce_is_signed_with_64_raw_bytes() -> None:
    signature = CREDS.sign(b"nonce")
    assert len(signature) == 64
    USER.verify(b"nonce", signature)
    with pytest.raises(UsageError, match="expected bytes"):
        CREDS.sign("nonce")  # type: ignore[arg-type]


def test_the_options_of_nats_py() -> None:
    options = CREDS.nats_py()
    assert list(options) == ["user_jwt_cb", "signature_cb"]
    assert options["user_jwt_cb"]() == TOKEN.encoded.encode()
    USER.verify(b"nonce", from_base64url(options["signature_cb"]("nonce")))
    bearer = Creds.create(BEARER, None).nats_py()
    assert (bearer["user_jwt_cb"](), bearer["signature_cb"]("n")) == (BEARER.encoded.encode(), b"")


def test_a_wiped_key_is_told() -> None:
    key = KeyPair.from_seed(SEED)
    creds = Creds.create(TOKEN, key)
    key.wipe()
    for use in (creds.format, creds.reveal_seed, lambda: creds.nats_py()["signature_cb"]("n")):
        with pytest.raises(SecretError, match="was wiped"):
            use()
    assert creds == CREDS


def test_no_secret_is_shown() -> None:
    assert repr(CREDS) == str(CREDS) == f"<Creds '{USER.public_key}'>"
    assert repr(Creds.create(BEARER, None)) == f"<Creds '{USER.public_key}' without seed>"
    assert SEED not in repr(CREDS.nats_py())


@pytest.mark.parametrize("steal", [pickle.dumps, copy.copy, copy.deepcopy])
def test_creds_are_neither_pickled_nor_copied(steal: Callable[[Creds], object]) -> None:
    with pytest.raises(SecretError, match="neither pickled nor copied"):
        steal(CREDS)


def test_creds_are_equal_when_token_and_key_are() -> None:
    same = Creds.parse(GO)
    assert same is not CREDS
    assert (same, hash(same)) == (CREDS, hash(CREDS))
    with_key, without_key = Creds.create(BEARER, USER), Creds.create(BEARER, None)
    assert len({CREDS, same, with_key, without_key}) == 3
    assert with_key != without_key
    assert CREDS != GO


# Files


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "alice.creds"
    CREDS.write(path)
    assert path.read_bytes() == GO.encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert Creds.read(path) == Creds.read(str(path)) == CREDS
    other = Creds.create(BEARER, None)
    with pytest.raises(FileError, match="File exists"):
        other.write(path)
    assert Creds.read(path) == CREDS
    other.write(str(path), overwrite=True)
    assert Creds.read(path) == other


def test_a_wiped_key_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "alice.creds"
    CREDS.write(path)
    key = KeyPair.from_seed(SEED)
    creds = Creds.create(TOKEN, key)
    key.wipe()
    with pytest.raises(SecretError, match="was wiped"):
        creds.write(path, overwrite=True)
    assert Creds.read(path) == CREDS


def test_errors_about_a_file_name_it(tmp_path: Path) -> None:
    path = tmp_path / "alice.creds"
    with pytest.raises(FileError, match=r"alice\.creds': No such file"):
        Creds.read(path)
    path.write_text(in_place_of_the_seed("SU"))
    with pytest.raises(CredsError, match=r"alice\.creds': invalid seed: expected 58") as caught:
        Creds.read(path)
    assert isinstance(caught.value.__cause__, KeyTextError)
    path.write_text(JWT_BLOCK)
    with pytest.raises(CredsError, match=r"alice\.creds': the seed of") as caught:
        Creds.read(path)
    assert caught.value.hint == "only a user with bearer_token logs in without a seed"
    assert caught.value.__cause__ is None
    path.write_bytes(b"-" * (MAX_BYTES + 1))
    with pytest.raises(FileError, match="more than 2097152 bytes"):
        Creds.read(path)


@pytest.mark.parametrize(
    "content",
    [
        *(GO, GO.encode(), SEED_BLOCK, SEED, f"./{SEED}", f"{SEED}\n", Path(SEED)),
        *(TOKEN.encoded, "eyJhbGciOiJlZDI1NTE5LW5rZXkiLCJ0eXAiOiJKV1QifQ.e30.x"),
    ],
)
def test_content_in_place_of_a_name_is_not_shown(content: Any) -> None:
    with pytest.raises(CredsError, match=r"expected the name of a creds file") as caught:
        Creds.read(content)
    assert caught.value.hint == "Creds.parse() takes the content"
    report = shown(caught.value)
    assert SEED not in report
    assert TOKEN.encoded not in report


@pytest.mark.parametrize("name", ["SUPPORT.creds", "eyJack.creds", f"{USER.public_key}.creds"])
def test_a_name_that_only_looks_like_content_will_do(tmp_path: Path, name: str) -> None:
    CREDS.write(tmp_path / name)
    assert Creds.read(tmp_path / name) == CREDS


@pytest.mark.parametrize("path", [None, 3, b"alice.creds"])
def test_what_is_no_path(path: Any) -> None:
    with pytest.raises(UsageError, match="expected a file name"):
        Creds.read(path)
    with pytest.raises(UsageError, match="expected a file name"):
        CREDS.write(path)


def test_content_in_place_of_a_name_is_not_printed_by_write(tmp_path: Path) -> None:
    creds = Creds.create(TOKEN, USER)
    for wrong in (creds.format(), creds.jwt, USER.reveal_seed(), f"{USER.reveal_seed()}/x"):
        with pytest.raises(CredsError, match="expected the name") as caught:
            creds.write(wrong)
        assert creds.jwt not in str(caught.value)
    assert not list(tmp_path.iterdir())
