from __future__ import annotations

import re
from pathlib import Path

import pytest

from natsauth.claims import UserClaims
from natsauth.cli._hints import _CURES, in_commands
from natsauth.token import encode
from tests._tokens import ACCOUNT
from tests._workshop import Workshop

_SOURCES = Path(__file__).parent.parent / "natsauth"


def test_every_hint_that_is_put_in_other_words_is_one_of_the_library() -> None:
    folders = ("authority", "config", "resolver", "store", "trust", "")
    files = [file for folder in folders for file in (_SOURCES / folder).glob("*.py")]
    text = "".join(re.sub(r'"\n\s*f?"', "", file.read_text("utf-8")) for file in files)
    assert [part for part in _CURES if part not in text] == []


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("", ""),
        ("choose another name", "choose another name"),
        ("set it to -1; allow_lockout=True does it all the same", "-1 is no limit"),
        (
            "account 'a', 'b c' without a plain signing key needs one: signing_keys.generate()",
            (
                "natsauth edit account a --sk generate, natsauth edit account 'b c' --sk generate, "
                "then natsauth reissue account --all --users"
            ),
        ),
    ],
)
def test_hints_in_terms_of_commands(hint: str, shown: str) -> None:
    assert in_commands(hint) == shown


def test_no_hint_of_a_revoked_or_strange_user_names_methods(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    for command in ("operator o --sys", "account a", "user u"):
        shop(f"add {command}")
    strange = encode(UserClaims(name="u", sub=shop.claims("o", "a", "u").sub), ACCOUNT)
    shop("revocations add-user -a a -n u")
    assert "hint: natsauth reissue user NAME signs it anew" in shop.fails("edit user u --tag x")
    shop.store.write(strange.encoded, "o", "a", "u")
    assert "hint: natsauth reissue with its name signs" in shop.fails("edit user u --tag x")


def test_force_is_named_where_a_command_has_it() -> None:
    hint = "set nbf to 0; allow_lockout=True does it all the same"
    assert in_commands(hint) == "--start 0 lets it count at once"
    forced = "--start 0 lets it count at once; --force goes ahead all the same"
    assert in_commands(hint, force=True) == forced
    assert in_commands("set nbf to 0", force=True) == "--start 0 lets it count at once"
