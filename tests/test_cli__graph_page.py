"""The page of ``natsauth graph``, in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from natsauth.cli._graph import DETAILED, AccountBox, Graph, Standing, State, shown
from natsauth.cli._graph_page import page
from natsauth.cli._graph_store import build
from tests._browser import in_browser, opened
from tests._pictures import HOSTILE, SEED, arrow, hostile, many, sample, tangled

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

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


def after(directory: Path, graph: Graph, script: str, **state: str) -> Any:
    """Return what a script finds in a page, which has no policy against it."""
    text = re.sub("<meta http-equiv[^>]*>", "", page(graph))
    said = f"document.body.dataset.said = JSON.stringify((() => {{{script}}})());"
    file = directory / "page.html"
    file.write_text(text.replace("</body>", f"<script>{said}</script></body>"), "utf-8")
    found = re.search('<body data-said="([^"]*)"', opened(file, **state))
    assert found
    return json.loads(unescape(found[1]))


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
    assert dom.details.strip() == ""


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
        ({"state": "soon"}, ["seller", "buyer"], ["ann", "events.>"]),
        ({"sharing": "broken"}, ["seller", "buyer"], []),
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
def test_a_broken_import_is_found_with_its_arrow(tmp_path: Path) -> None:
    dom = seen(tmp_path, drawn(), sharing="broken")
    assert "broken" in dom.arrows


@in_browser
def test_of_many_imports_those_that_are_meant_come_first(tmp_path: Path) -> None:
    graph = many(2)
    soon = arrow("z.last", "stream", 0, Standing(State.SOON, NOW))
    rows = (*(arrow(f"a.{index}", "stream", 0) for index in range(20)), soon)
    accounts = (graph.accounts[0], replace(graph.accounts[1], imports=rows))
    dom = seen(tmp_path, replace(graph, accounts=accounts), state="soon")
    assert (dom.accounts, dom.marked) == (["account001"], ["z.last"])


@in_browser
def test_the_picture_has_the_room_until_an_account_is_chosen(tmp_path: Path) -> None:
    script = """
        const wide = () => aside.offsetWidth === 0, found = [wide()];
        const press = (key) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key, bubbles: true}));
        for (const leave of [() => press("Escape"), () => aside.querySelector(".close").click()]) {
            node(0).click();
            found.push(wide(), aside.textContent.includes(accounts[0].public_key));
            leave();
            found.push(wide(), document.activeElement === node(0), location.hash);
        }
        return found;
    """
    once = [False, True, True, True, ""]
    assert after(tmp_path, drawn(), script) == [True, *once, *once]


@in_browser
@pytest.mark.parametrize("number", [6, 30, 60])
def test_no_arrow_leads_behind_a_card(tmp_path: Path, number: int) -> None:
    script = """
        const found = new Set(), cards = [...stage.querySelectorAll("article")];
        const origin = stage.getBoundingClientRect();
        const paths = stage.querySelectorAll("#arrows > path");
        const boxes = cards.map((article) => article.getBoundingClientRect());
        for (const path of paths) {
            for (let at = 0; at < path.getTotalLength(); at += 2) {
                const point = path.getPointAtLength(at);
                const x = point.x + origin.left, y = point.y + origin.top;
                const inside = (box) =>
                    box.left + 1 < x && x < box.right - 1 && box.top < y && y < box.bottom;
                if (boxes.some(inside)) found.add(path.getAttribute("d"));
            }
        }
        return [paths.length, ...found];
    """
    graph = tangled(number)
    [arrows, *behind] = after(tmp_path, graph, script, account="account000")
    shared = [(source.name, target.name) for source, target, _ in graph.arrows]
    expected = shared if number <= DETAILED else [pair for pair in shared if "account000" in pair]
    assert (arrows, behind) == (len(expected), [])


@in_browser
def test_an_account_with_nothing_in_it_is_no_blank_card(tmp_path: Path) -> None:
    empty = [AccountBox(f"a{index}", "A", Standing(State.NEVER)) for index in range(41)]
    empty.append(AccountBox("b", "", Standing(State.UNREADABLE, 0, "it is garbage")))
    for accounts in (empty[39:], empty):
        graph = replace(many(0), accounts=tuple(accounts))
        script = 'return stage.textContent.split("no users").length - 1'
        assert after(tmp_path, graph, script) == len(accounts) - 1


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
