from __future__ import annotations

import codeop
import re
import subprocess
import sys
from types import FunctionType
from typing import TYPE_CHECKING

import click
import pytest

import natsauth
from natsauth import (
    authority,
    claims,
    config,
    errors,
    parse_claims,
    policy,
    resolver,
    shortcuts,
    store,
    testing,
    trust,
    validate,
    validation,
)
from natsauth.cli.main import commands
from natsauth.errors import NatsAuthError
from natsauth.validation import EXTRA_CODES, Issue, IssueCode
from tests._docs import PAGES, ROOT, blocks, chain, matches, prose, reading, starts_server
from tests._vectors import records

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

KINDS = {
    "python", "python no-run", "text", "text figure", "sh", "sh no-run", "console", "conf", "js",
    "yaml",
}  # fmt: skip
DIRECTIVES = {"{toctree}", "{eval-rst}", "{glossary}", "{include} ../CHANGELOG.md"}
_COMMAND = re.compile(r"(?:^\$ |[`|] ?)natsauth ([^`|\n]+)", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]*)(?:#[^)]*)?\)")
_ROW = re.compile(r"^\| `(\w+)` \| (blocks|time|warns) \| (.+) \|$", re.MULTILINE)
_ERROR_ROW = re.compile(
    r"^\| \{py:exc\}`~natsauth\.errors\.(\w+)` \| `(\w+)` \| (.*)\|$", re.MULTILINE
)

SETUP_DOCUMENT = [
    "natsauth add operator --generate-signing-key --sys --name my_operator",
    "natsauth edit operator --require-signing-keys --account-jwt-server-url ",
    "natsauth add account my_account",
    "natsauth edit account my_account --sk generate",
    "natsauth generate config --nats-resolver --sys-account SYS > ./resolver.conf",
    "-c resolver.conf",
    "-c nats.conf",
    "natsauth push -A",
    "natsauth list operators",
    "natsauth list accounts",
    "natsauth list keys",
    "natsauth list keys --show-seeds",
    "natsauth describe account --name=my_account --json",
    "natsauth describe account --name=my_account --json | jq -r '.sub'",
    "natsauth describe account --name=my_account --json | jq -r '.nats.signing_keys[0]'",
    "natsauth describe account --name my_account --json | jq -r '.nats.signing_keys[0]' | xargs ",
]
"""The commands of the document that the tutorial follows."""

README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = "\n".join(
    page.read_text("utf-8") for page in sorted((ROOT / "docs" / "reference").glob("*.md"))
)
ISSUES = {
    code: effect
    for code, effect, _ in _ROW.findall((ROOT / "docs/reference/validation.md").read_text("utf-8"))
}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


each_page = pytest.mark.parametrize("page", PAGES, ids=name)


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=[pytest.mark.live] if starts_server(p) else []) for p in PAGES],
    ids=name,
)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    with reading(tmp_path) as reader:
        for part in chain(page):
            reader.follow(part)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "it prints\n1"),
        ("```python\na = 1\n```\n\n```text\n1\n```\n", "it prints\n"),
        ("```text\n1\n```\n", "no block before this one"),
        ("```sh\nrm -r docs\n```\n", "a command that pages do not use"),
        ("```console\n$ echo 1\n2\n```\n", "echo 1 prints\n1"),
        ("```console\n$ true\n$ false\n```\n", "false fails"),
        (f"```console\n$ echo {'A' * 56}\n{'O' * 56}\n```\n", "prints"),
        (f"```console\n$ echo {'A' * 56}\nA…\n$ echo {'A' * 55}B\n{'A' * 55}\n```\n", "prints"),
        (
            f"```console\n$ echo {'A' * 56}\n{'AB' * 28}\n$ echo {'AC' * 28}\n{'AB' * 28}\n```\n",
            "prints\nACAC",
        ),
    ],
)
def test_a_page_that_does_something_else_is_told(
    example: str, message: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(example, encoding="utf-8")
    with reading(tmp_path) as reader, pytest.raises(AssertionError, match=message):
        reader.follow(page)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("key A… is\ngood", "key ABC is\ngood\n", True),
        ("key A… is", "key ABC\n is", False),
        ("a.c", "abc", False),
    ],
)
def test_an_ellipsis_is_any_text_in_a_line(shown: str, printed: str, *, same: bool) -> None:
    assert matches(shown, printed) is same


@each_page
def test_every_block_is_of_a_known_kind(page: Path) -> None:
    kinds = {block.kind for block in blocks(page.read_text("utf-8"))}
    saved = {kind for kind in kinds if re.fullmatch(r"python \w+\.py", kind)}
    assert kinds - saved <= KINDS | DIRECTIVES
    assert "```" not in prose(page.read_text("utf-8"))


@each_page
def test_code_that_cannot_run_everywhere_compiles(page: Path) -> None:
    from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT

    for block in blocks(page.read_text("utf-8")):
        if block.kind.startswith("python "):
            compile(block.text, f"{page.name}:{block.line}", "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT)


@each_page
def test_links_lead_to_files(page: Path) -> None:
    for target in _LINK.findall(prose(page.read_text("utf-8"))):
        if target and "://" not in target:
            assert (page.parent / target).exists(), target


@each_page
def test_commands_that_a_page_names_exist(page: Path) -> None:
    for line in _COMMAND.findall(page.read_text("utf-8")):
        found: click.Command | None = commands
        for word in line.split():
            if not isinstance(found, click.Group) or not word.islower() or word.startswith("-"):
                break
            found = found.get_command(click.Context(found), word)
        assert found, line


@each_page
def test_the_tutorial_and_what_continues_it_can_be_typed_line_by_line(page: Path) -> None:
    if chain(page)[0].name.startswith("tutorial"):
        for block in blocks(page.read_text("utf-8")):
            assert block.kind != "python" or _typed(block.text), f"line {block.line}"


def test_a_definition_without_a_blank_line_after_it_cannot_be_typed() -> None:
    assert not _typed("def f():\n    pass\nf()\n")
    assert not _typed("def f():\n    a = 1\n\n    return a\n\nf()\n")
    assert _typed("def f():\n    pass\n\n\nf()\n")


def _typed(text: str) -> bool:
    """Tell whether Python's prompt takes the lines of a text one after another."""
    pending: list[str] = []
    try:
        for line in text.splitlines():
            pending.append(line)
            if codeop.compile_command("\n".join(pending)) is not None:
                pending = []
        return codeop.compile_command("\n".join([*pending, ""])) is not None
    except SyntaxError:
        return False


def test_the_terminal_of_the_tutorial_in_python_needs_only_pip_and_the_server() -> None:
    commands = [
        block.text.strip()
        for block in blocks((ROOT / "docs/tutorial-in-python.md").read_text("utf-8"))
        if block.kind.startswith("sh")
    ]
    assert commands == ['python -m pip install ".[demo]"', "nats-server -c nats.conf"]


def test_the_tutorial_has_every_command_of_the_setup_document_in_its_order() -> None:
    page = (ROOT / "docs/tutorial.md").read_text("utf-8")
    typed = "".join(block.text for block in blocks(page) if block.kind in ("console", "sh"))
    place = 0
    for command in SETUP_DOCUMENT:
        place = typed.index(command, place) + len(command)


def test_the_readme_starts_with_the_two_commands() -> None:
    commands = [block.text for block in blocks(README) if block.kind == "sh"]
    assert commands == [
        'python -m pip install ".[demo]" && natsauth demo\n',
        'python -m pip install -e ".[test]" && python -m pytest\n',
    ]
    assert README.index(commands[-1]) < README.index("\n## ")


@pytest.mark.live
def test_the_readme_shows_what_the_demo_prints() -> None:
    shown = next(block.text for block in blocks(README) if block.kind == "text figure")
    command = [sys.executable, "-X", "utf8", "-m", "natsauth", "demo"]
    run = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    assert _without_numbers(run.stdout.decode()) == _without_numbers(shown)


def _without_numbers(text: str) -> str:
    return re.sub(r"[ \d.]+(ms|s\b)|:\d+", " # ", text)


def test_every_issue_stands_in_the_table_with_its_effect() -> None:
    assert set(ISSUES) == set(IssueCode)
    assert {code for code in EXTRA_CODES if ISSUES[code] != "warns"} == set()


def test_the_own_warnings_stand_in_a_table_of_their_own() -> None:
    page = (ROOT / "docs/reference/validation.md").read_text("utf-8")
    own = page[page.index("### Warnings of natsauth's own") :]
    assert {code for code, _, _ in _ROW.findall(own)} == set(EXTRA_CODES)


def test_issues_have_the_effect_that_the_table_says() -> None:
    seen: dict[str, set[str]] = {}
    for record in records("encode.jsonl"):
        try:
            report = validate(parse_claims(record["claims"], record["type"]))
        except NatsAuthError:
            continue  # a document that cannot be read has no issues
        for issue in report.issues:
            seen.setdefault(issue.code, set()).add(_effect(issue))
    assert len(seen) > 50
    assert seen == {code: {ISSUES[code]} for code in seen}


def _effect(issue: Issue) -> str:
    if issue.time_check:
        return "time"
    return "blocks" if issue.blocking else "warns"


def test_every_error_stands_in_the_table_with_its_code_and_bases() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    shown = {
        error: (code, set(re.findall(r"`(\w+)`", bases)))
        for error, code, bases in _ERROR_ROW.findall(page)
    }
    assert shown == {
        cls.__name__: (
            cls.code,
            {base.__name__ for base in cls.__bases__} - {"NatsAuthError", "Exception"},
        )
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, NatsAuthError)
    }


_PACKAGES = (authority, claims, config, policy, resolver, store, testing, trust, validation)


def test_every_public_name_is_in_the_reference() -> None:
    public = {
        *vars(natsauth)["__all__"],
        *(name for package in _PACKAGES for name in package.__all__),
        *(name for module in (errors, shortcuts) for name in _defined(module)),
    } - {"__version__"}
    shown = re.findall(r"^\.\. (?:auto|py:)\w+:: (?:[a-z_]+\.)*(\w+)", REFERENCE, re.MULTILINE)
    assert public - set(shown) == set()


def _defined(module: ModuleType) -> list[str]:
    """Return the public names of what a module itself defines."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type | FunctionType)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]
