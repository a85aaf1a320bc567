"""The page of ``natsauth graph``, in a real browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from natsauth.cli._graph import Graph, shown
from natsauth.cli._graph_page import page
from natsauth.cli._graph_store import build
from tests._browser import in_browser, opened
from tests._pictures import HOSTILE, SEED, hostile, many, sample

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_795_000_000


class Dom(HTMLParser):
    """The elements of a page after its script has run.

    Attributes:
        accounts: The names of the accounts that are seen.
        users: The names of the users that are seen.
        marked: The lines that the search means.
        arrows: The classes of the arrows.
        count: What is counted.
        details: What is said of the chosen account.
        tags: The names of all elements.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.accounts: list[str] = []
        self.users: list[str] = []
        self.marked: list[str] = []
        self.arrows: list[str] = []
        self.count = self.details = ""
        self.tags: list[str] = []
        self._path: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        if tag == "path":
            self.arrows.append(found.get("class", "").strip())
        if tag not in ("meta", "input", "br"):
            self._path.append((tag, found.get("class", ""), found.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        classes = " ".join(name for _, name, _ in self._path).split()
        ids = [found for _, _, found in self._path]
        if "details" in ids:
            self.details += f"{data} "
        elif "count" in ids:
            self.count += data
        elif self._path and self._path[-1][0] == "bdi":
            if "top" in classes:
                self.accounts.append(data)
            elif "user" in classes:
                self.users.append(data)
            if "hit" in classes:
                self.marked.append(data)


def seen(directory: Path, graph: Graph, **state: str) -> Dom:
    file = directory / "page.html"
    file.write_text(page(graph), "utf-8")
    return Dom(opened(file, **state))


def drawn() -> Graph:
    return build(sample(), (), NOW)


def test_the_page_loads_nothing() -> None:
    text = page(drawn()).replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in text
    assert "https:" not in text
    assert not re.search(r"<(?:link|img|iframe|object|embed)\b|\bsrc=|@import", text)
    assert "default-src 'none'" in text
    assert "@DATA@" not in text
    assert "@SCRIPT@" not in text


def test_hostile_names_stay_in_the_data() -> None:
    text = page(hostile())
    assert text.count("<script") == 2
    assert "<img" not in text
    assert SEED not in text
    found = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    names = [account["name"] for account in json.loads(found[1])["accounts"]]
    assert names == [*map(shown, HOSTILE)]


def test_the_same_store_gives_the_same_bytes() -> None:
    operator = sample()
    assert page(build(operator, (), NOW)) == page(build(operator, (), NOW))


@in_browser
def test_all_is_shown(tmp_path: Path) -> None:
    dom = seen(tmp_path, drawn())
    assert dom.accounts[0] == "seller"
    assert {*dom.accounts} >= {"SYS", "alone", "buyer", "seller"}
    assert {*dom.users} == {"sys", "ann", "bob", "eve", "mallory"}
    assert dom.count == "5 of 5 accounts, 5 users"
    assert sorted(dom.arrows) == ["broken", "service", "stream", "stream private"]
    assert "Choose an account" in dom.details


@in_browser
@pytest.mark.parametrize(
    ("state", "accounts", "marked"),
    [
        ({"search": "SELL"}, ["seller"], []),
        ({"search": "mallory"}, ["buyer"], ["mallory"]),
        ({"search": "clerk"}, ["seller"], ["clerk"]),
        ({"search": "events."}, ["seller", "buyer"], ["events.>", "events.>"]),
        ({"state": "revoked"}, ["buyer"], ["mallory"]),
        ({"state": "revoked", "search": "eve"}, ["buyer"], []),
        ({"sharing": "broken"}, ["buyer"], []),
        ({"search": "nobody"}, [], []),
    ],
)
def test_the_search(
    tmp_path: Path, state: dict[str, str], accounts: list[str], marked: list[str]
) -> None:
    dom = seen(tmp_path, drawn(), **state)
    assert dom.accounts == accounts
    assert {*marked} <= {*dom.marked}
    assert dom.count.startswith(f"{len(accounts)} of 5 accounts")


@in_browser
def test_the_details_of_an_account(tmp_path: Path) -> None:
    graph = drawn()
    dom = seen(tmp_path, graph, account="buyer")
    assert "Imports (4)" in dom.details
    assert "the account exports nothing like it" in dom.details
    assert "has revoked that" in dom.details
    [buyer] = [account for account in graph.accounts if account.name == "buyer"]
    assert f"signed by  {buyer.signer}" in dom.details
    assert sum("lit" in arrow for arrow in dom.arrows) == 4


@in_browser
def test_hostile_names_are_text(tmp_path: Path) -> None:
    dom = seen(tmp_path, hostile(), account=HOSTILE[0])
    assert dom.accounts == [*map(shown, HOSTILE)]
    assert HOSTILE[0] in dom.details
    assert "img" not in dom.tags
    assert dom.tags.count("script") == 2


@in_browser
def test_five_hundred_accounts(tmp_path: Path) -> None:
    dom = seen(tmp_path, many(500), account="account005")
    assert len(dom.accounts) == 500
    assert dom.users == []
    assert dom.arrows == ["stream  lit"] * 4
    dom = seen(tmp_path, many(500), search="account00")
    assert dom.count == "10 of 500 accounts, 10 users"
    assert dom.users == ["u"] * 10
    assert len(dom.arrows) == 8
