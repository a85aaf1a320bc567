"""The page of ``natsauth matrix --html``, in a real browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.authority import Authority
from natsauth.claims import Permission, User
from tests._browser import in_browser, opened
from tests._workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(1)</script>"


class Page:
    """A page, and what a browser makes of it."""

    def __init__(self, directory: Path, shop: Workshop, *options: str) -> None:
        self.file = directory / "page.html"
        shop("matrix", "--html", str(self.file), *options)
        self.text = self.file.read_text("utf-8")
        found = re.search(r'id="data">(.*?)</script>', self.text, re.DOTALL)
        assert found
        self.data: dict[str, Any] = json.loads(found[1])

    def key(self, name: str) -> str:
        [key] = [user[2] for user in self.data["users"] if user[1] == name]
        return str(key)

    def opened(self, **state: str) -> Dom:
        """Return the page once its script has run; the browser has nothing to complain about."""
        return Dom(opened(self.file, **state))


class Dom(HTMLParser):
    """The elements of a page after its script has run.

    Attributes:
        subjects: The headers of the columns.
        users: The headers of the rows.
        cells: The verdicts of each row.
        texts: The text below each element that has an id or is an aside.
        tags: The names of all elements.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.subjects: list[str] = []
        self.users: list[str] = []
        self.cells: list[list[str]] = []
        self.count = self.reason = ""
        self.tags: list[str] = []
        self._path: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag == "tr" and "data-row" in found:
            self.cells.append([])
            self.users.append("")
        if tag == "td":
            self.cells[-1].append("")
        if tag not in ("meta", "input", "br"):
            self._path.append((tag, found))

    def handle_endtag(self, tag: str) -> None:
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        names = [tag for tag, _ in self._path]
        ids = [found.get("id") for _, found in self._path]
        if "thead" in names and names[-1] == "bdi":
            self.subjects.append(data)
        elif "td" in names:
            self.cells[-1][-1] += data
        elif names[-1:] == ["bdi"] and any("data-row" in found for _, found in self._path):
            self.users[-1] += data
        elif "count" in ids:
            self.count += data
        elif "reason" in ids:
            self.reason += f"{data} "


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """Give users that differ, one of them with a name that means harm."""
    shop = Workshop(tmp_path)
    shop("add operator o")
    shop("add account a")
    shop("add user -a a alice --allow-pub orders.> --allow-sub news.* --deny-sub news.x")
    shop("add user -a a bob --allow-sub orders.new")
    return shop


def test_the_page_loads_nothing(tmp_path: Path, shop: Workshop) -> None:
    text = Page(tmp_path, shop).text
    assert "http:" not in text
    assert "https:" not in text
    assert not re.search(r"<(?:link|img|iframe|object|embed)\b|\bsrc=|@import|url\(", text)
    assert "default-src 'none'" in text
    assert "@DATA@" not in text
    assert "@SCRIPT@" not in text


def test_hostile_names_stay_in_the_data(tmp_path: Path, shop: Workshop) -> None:
    authority = Authority(shop.store)
    with authority.transaction():
        users = authority.operators["o"].accounts["a"].users
        users.add(EVIL, User(pub=Permission(allow=[f"{SCRIPT}.>", "x\u2028y", "@SCRIPT@", "\0"])))
    page = Page(tmp_path, shop)
    assert page.text.count("<script") == 2
    assert EVIL not in page.text
    assert any(user[1] == EVIL for user in page.data["users"])
    assert {f"{SCRIPT}.>", r"x\u2028y", "@SCRIPT@", r"\x00"} <= {*page.data["subjects"]}
    assert '"@SCRIPT@"' in page.text


def test_each_reason_is_there_once(tmp_path: Path, shop: Workshop) -> None:
    subjects = ",".join(f"other.{number}" for number in range(100))
    page = Page(tmp_path, shop, "-s", subjects)
    assert len(page.data["subjects"]) == 100
    assert len(page.data["reasons"]) == 4
    assert {len(user[4]) for user in page.data["users"]} == {200}


@in_browser
def test_all_cells_are_shown(tmp_path: Path, shop: Workshop) -> None:
    dom = Page(tmp_path, shop).opened()
    assert dom.subjects == ["news.*", "news.x", "orders.>", "orders.new"]
    assert dom.users == ["alice", "bob"]
    assert dom.cells == [["✕◐", "✕✕", "✓✕", "✓✕"], ["✓✕", "✓✕", "✓✕", "✓✓"]]
    assert dom.count == "2 of 2 users, 4 of 4 subjects"
    assert "Choose a cell" in dom.reason


@in_browser
@pytest.mark.parametrize(
    ("state", "users", "subjects"),
    [
        ({"user": "ALI"}, ["alice"], ["news.*", "news.x", "orders.>", "orders.new"]),
        ({"subject": "orders"}, ["alice", "bob"], ["orders.>", "orders.new"]),
        ({"verdict": "filtered"}, ["alice"], ["news.*"]),
        ({"verdict": "both"}, ["bob"], ["orders.new"]),
        ({"verdict": "denied", "user": "bob"}, [], []),
        ({"account": "0", "verdict": "denied"}, ["alice"], ["news.x"]),
    ],
)
def test_the_filter(
    tmp_path: Path, shop: Workshop, state: dict[str, str], users: list[str], subjects: list[str]
) -> None:
    dom = Page(tmp_path, shop).opened(**state)
    assert (dom.users, dom.subjects) == (users, subjects)
    assert dom.count == f"{len(users)} of 2 users, {len(subjects)} of 4 subjects"


@in_browser
def test_the_reason_of_a_cell(tmp_path: Path, shop: Workshop) -> None:
    shop("add revocation -a a -n alice")
    page = Page(tmp_path, shop)
    reason = page.opened(cell=f"{page.key('alice')} news.*").reason
    assert "No server takes this user" in reason
    assert "has revoked " in reason
    assert "Publish: denied" in reason
    assert 'Permissions Violation for Publish to "news.*"' in reason
    assert "Subscribe: allowed in part" in reason
    assert "Subscribing to 'news.*' is accepted" in reason
    assert "$.nats.sub.deny[0]" in reason


@in_browser
def test_hostile_names_are_text(tmp_path: Path, shop: Workshop) -> None:
    authority = Authority(shop.store)
    with authority.transaction():
        users = authority.operators["o"].accounts["a"].users
        users.add(EVIL, User(pub=Permission(allow=[f"{SCRIPT}.>", "a&amp;b"])))
    page = Page(tmp_path, shop)
    dom = page.opened(cell=f"{page.key(EVIL)} {SCRIPT}.>")
    assert EVIL in dom.users
    assert {f"{SCRIPT}.>", "a&amp;b"} <= {*dom.subjects}
    assert "img" not in dom.tags
    assert dom.tags.count("script") == 2
    assert f"{EVIL}  →  {SCRIPT}.>" in dom.reason


@in_browser
def test_nobody_and_nothing(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "shop")
    shop("add operator o")
    dom = Page(tmp_path, shop).opened()
    assert dom.count == "0 of 0 users, 1 of 1 subjects"


@in_browser
def test_five_hundred_users_and_fifty_subjects(tmp_path: Path, shop: Workshop) -> None:
    authority = Authority(shop.store)
    with authority.transaction():
        users = authority.operators["o"].accounts["a"].users
        for number in range(498):
            allowed = [f"s.{(number + more) % 50}" for more in range(5)]
            users.add(f"user{number:03}", User(pub=Permission(allow=allowed)))
    page = Page(tmp_path, shop, "-s", ",".join(f"s.{number}" for number in range(50)))
    assert len(page.text) < 1 << 20
    dom = page.opened(verdict="publish")
    assert dom.count == "499 of 500 users, 50 of 50 subjects"
    assert len(dom.cells) == 499
    assert {len(cells) for cells in dom.cells} == {50}
