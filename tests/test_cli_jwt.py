"""``natsauth describe jwt``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests._workshop import Workshop, expected

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give nsc's own store."""
    return Workshop(tmp_path, copy=True)


def test_a_token_of_the_store_is_described_as_the_store_does(shop: Workshop) -> None:
    file = shop.store.token_file("my_operator", "billing")
    text = shop.run("describe", "jwt", "-f", file).stdout
    assert text == shop.run("describe account billing").stdout
    shown = shop.run("describe", "jwt", "-f", file, "--json").stdout
    assert shown == expected("describe-account-billing.json")


def test_a_user_in_creds(shop: Workshop) -> None:
    file = shop.store.creds_file("my_operator", "billing", "carol")
    carol = shop.claims("my_operator", "billing", "carol")
    assert json.loads(shop.run("describe", "jwt", "-f", file, "-F", "sub").stdout) == carol.sub
    token = shop.store.read("my_operator", "billing", "carol")
    assert shop.run("describe", "jwt", "-f", file, "--raw").stdout.strip() == token


def test_without_any_store(tmp_path: Path) -> None:
    other = Workshop(tmp_path / "other", copy=True)
    file = other.store.token_file("my_operator", "billing")
    text = Workshop(tmp_path).run("describe", "jwt", "-f", file).stdout
    assert "| Name                      | billing" in text


def test_a_file_without_a_token(shop: Workshop) -> None:
    assert "this holds no token" in shop.fails("describe", "jwt", "-f", shop.path / "nsc.json")
    assert "--file" in shop.fails("describe jwt", code=2)
    assert "cannot read 'gone'" in shop.fails("describe jwt -f gone")


def test_a_forged_token_is_refused(shop: Workshop) -> None:
    file = shop.path / "forged.jwt"
    token = shop.store.read("my_operator", "billing")
    file.write_text(token[:-9] + "AAAAAAAAA")
    assert "signature" in shop.fails("describe", "jwt", "-f", file)
