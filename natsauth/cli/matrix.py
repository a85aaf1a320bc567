"""``natsauth matrix``: who may publish and subscribe to what, of all users at a glance."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from natsauth._files import read_file
from natsauth.cli._commands import Mistake, command
from natsauth.cli._matrix import build, document_of
from natsauth.cli._options import operator_option, replace_option, write_output
from natsauth.cli._output import path_text
from natsauth.cli._tables import Table
from natsauth.cli._tree import Workspace, found
from natsauth.cli._values import many
from natsauth.errors import StoreDataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority import AccountNode, UserNode
    from natsauth.cli._matrix import Judgement, Matrix
    from natsauth.cli._output import Output
    from natsauth.cli._session import Session

_MAX_BYTES = 16 << 20
_LETTERS = {"allow": "PS", "filtered": "Ps", "queue": "-q"}
_LEGEND = (
    "P may publish, S may subscribe, s may in part, q in a queue group only, - may not; "
    "+ may answer requests, too, ! no server takes the user"
)
_BORDERS = 3
"""What a column of a table has beside its text."""


@command(
    "matrix",
    "natsauth matrix -a my_account --subject orders.new,'orders.>'",
    "natsauth matrix --subjects-file subjects.txt --json",
    "natsauth matrix --html matrix.html",
)
@operator_option
@many("-a", "--account", metavar="NAME,…", help="Accounts; all by default.")
@many("-s", "--subject", help="Subjects; by default all that some permission names.")
@click.option("--subjects-file", metavar="FILE", help="A file with a subject a line.")
@click.option("--html", metavar="FILE", help="Write a page for browsers, in place of a table.")
@replace_option
@click.pass_obj
def matrix(
    session: Session,
    /,
    operator: str | None,
    account: list[str],
    subject: list[str],
    subjects_file: str | None,
    html: str | None,
    *,
    force: bool,
) -> None:
    """Show who may publish and subscribe to what: every user, every subject.

    The page is one file that needs nothing else: it filters, and has the reason of each verdict.
    """
    work = Workspace(session)
    root = work.operator(operator)
    accounts = account or list(root.accounts)
    users = [*_users([found(root.accounts, name, root) for name in accounts], session.output)]
    if subjects_file:
        subject = [*subject, *_lines(subjects_file)]
    made = build(work, root, users, subject)
    if html is None:
        session.output.show(document_of(made), [*_tables(made)])
        if not session.output.json:
            session.output.note(_LEGEND)
        return
    from natsauth.cli._matrix_page import page

    write_output(html, page(made), force=force)
    numbers = {"subjects": len(made.subjects), "users": len(made.rows)}
    counted = " and ".join(
        f"{number} {what if number != 1 else what[:-1]}" for what, number in numbers.items()
    )
    session.output.ok(f"wrote {counted} to {path_text(html)}", file=html, **numbers)


def _users(accounts: list[AccountNode], output: Output) -> Iterator[tuple[AccountNode, UserNode]]:
    """Go through the users of accounts; one that cannot be read is told, and left out."""
    for account in accounts:
        for name in account.users:
            try:
                user = account.users[name]
            except StoreDataError as error:
                output.error(str(error.args[0]), code=error.code, path=(*account.path, name))
                continue
            yield account, user


def _lines(file: str) -> list[str]:
    """Return the subjects of a file, without blank lines and comments.

    Raises:
        FileError: It cannot be read.
        Mistake: There is none in it.
    """
    text = read_file(file, limit=_MAX_BYTES).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()]
    if subjects := [line for line in lines if line and not line.startswith("#")]:
        return subjects
    hint = "one a line; lines that start with # are comments"
    raise Mistake(f"There is no subject in {file!r:.80}.", click.get_current_context(), hint=hint)


def _tables(made: Matrix) -> Iterator[Table]:
    """Go through the tables: with numbers for the subjects, where their names leave no room."""
    names = [
        f"{row.account}/{row.name}{' +' * row.answers}{' !' * bool(row.refused)}"
        for row in made.rows
    ]
    width = max(map(len, names), default=0) + sum(len(s) + _BORDERS for s in made.subjects)
    is_wide = width + 2 * _BORDERS > get_terminal_size().columns
    headers = [str(number) for number in range(1, len(made.subjects) + 1)]
    table = Table(
        f"Permissions of operator {made.operator}",
        "User",
        *(headers if is_wide else made.subjects),
    )
    for row, name in zip(made.rows, names, strict=True):
        cells = (made.cell(row, column) for column in range(len(made.subjects)))
        table.row(name, *("".join(map(_letter, both)) for both in cells))
    yield table
    if is_wide:
        table = Table("Subjects", "#", "Subject")
        for header, subject in zip(headers, made.subjects, strict=True):
            table.row(header, subject)
        yield table
    if refused := [row for row in made.rows if row.refused]:
        table = Table("Taken by no server", "User", "Because")
        for row in refused:
            table.row(f"{row.account}/{row.name}", row.refused)
        yield table


def _letter(judgement: Judgement) -> str:
    return _LETTERS.get(judgement.mark, "--")[judgement.operation == "subscribe"]
