"""``natsauth expirations``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give a store in which a user expires in two weeks, and an account in a year."""
    shop = Workshop(tmp_path)
    shop("add operator o")
    shop("add account a --expiry 1y")
    shop("add user -a a soon --expiry 2w")
    shop("add user -a a never")
    return shop


def test_everything_is_reported_as_nsc_does(shop: Workshop) -> None:
    document = shop.json("expirations")
    creds = str(shop.store.creds_file("o", "a", "soon"))
    never = str(shop.store.creds_file("o", "a", "never"))
    report = {row["resource"]: row for row in document["report"]}
    assert list(report) == ["o", "o/a", "o/a/never", never, "o/a/soon", creds]
    assert report["o"] == {
        "expiration_date": "",
        "expired": False,
        "expires_soon": False,
        "expiry": 0,
        "id": shop.claims("o").sub,
        "resource": "o",
        "when": "Never",
    }
    assert report["o/a"]["expires_soon"] is False
    for name in ("o/a/soon", creds):
        row = report[name]
        assert (row["expired"], row["expires_soon"]) == (False, True)
        assert row["when"] in ("In 13 Days", "In 14 Days")
        assert row["expiry"] == shop.claims("o", "a", "soon").exp
    assert document["expiration_threshold"].endswith("Z")


def test_what_lasts_is_skipped(shop: Workshop) -> None:
    text = shop.run("expirations --skip").stdout
    assert "Expiration Report (In " in text
    assert "| Soon    | o/a/soon " in text
    assert "never" not in text.lower()
    assert "o/a " not in text
    assert "| Soon    | o/a  " in shop.run("expirations --skip --within 2y").stdout
    assert shop.json("expirations --skip -e 0")["report"] == []


def test_what_has_expired(shop: Workshop) -> None:
    shop("edit user -a a soon --expiry 2020-01-02 --force")
    [user, creds] = shop.json("expirations --skip -e 0")["report"]
    assert user["expired"]
    assert creds["expired"]
    assert user["expiration_date"] == "2020-01-02T00:00:00Z"
    assert user["when"].endswith(" Years Ago")
    assert "| Yes     | o/a/soon" in shop.run("expirations").stdout


def test_damaged_creds_are_told_and_the_rest_is_shown(shop: Workshop) -> None:
    shop.store.creds_file("o", "a", "soon").write_text("nonsense")
    result = shop.run("expirations")
    assert result.exit_code == 0
    assert "soon.creds` holds no creds: " in result.stderr
    assert "o/a/soon" in result.stdout


def test_a_moment_that_is_none(shop: Workshop) -> None:
    assert "expected" in shop.fails("expirations --within soon", code=2)
