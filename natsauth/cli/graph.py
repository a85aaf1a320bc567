"""``natsauth graph``: a picture of a store."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePath
from time import time
from typing import TYPE_CHECKING

import click

from natsauth.cli._commands import Mistake, command
from natsauth.cli._graph import counted, document_of, unreadable
from natsauth.cli._options import operator_option, replace_option, write_output
from natsauth.cli._output import path_text
from natsauth.cli._tree import Workspace, found
from natsauth.cli._values import at as moment
from natsauth.cli._values import many

if TYPE_CHECKING:
    from natsauth.cli._graph import Graph
    from natsauth.cli._session import Session

_FORMATS = {".htm": "html", ".html": "html", ".mmd": "mermaid", ".svg": "svg"}
_SCREEN = "--"


@command(
    "graph",
    "natsauth graph --output-file store.html",
    "natsauth graph --output-file store.svg --force",
    "natsauth graph -a orders,billing --format mermaid",
)
@operator_option
@many("-a", "--account", metavar="NAME,…", help="These, and what they share with; all by default.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(sorted({*_FORMATS.values()})),
    help="By default what the name of the file says, or mermaid.",
)
@click.option(
    "--output-file", default=_SCREEN, metavar="FILE", help="Where it goes; -- is the screen."
)
@click.option(
    "--at", type=moment, metavar="WHEN", help="When things expire or not: now by default."
)
@replace_option
@click.pass_obj
def graph(
    session: Session,
    /,
    operator: str | None,
    account: list[str],
    kind: str | None,
    output_file: str,
    at: int | None,
    *,
    force: bool,
) -> None:
    """Draw a store: accounts, what they share, keys with roles, users, and what expires.

    An HTML page can be searched, an SVG stands in any document, Mermaid in Markdown. The same store
    gives the same bytes until something expires; --at holds that still, too.
    """
    kind = kind or _kind_of(output_file)
    work = Workspace(session)
    root = work.operator(operator)
    # Loaded here, so that a mistake in the options is told at once.
    from natsauth.cli._graph_store import build

    names = list(dict.fromkeys(found(root.accounts, name, root).name for name in account))
    made = build(root, names, int(time()) if at is None else at)
    for path, why in unreadable(made):
        session.output.warning(why, path=path)
    if output_file == _SCREEN:
        text = "" if session.output.json else _drawn(session, made, kind)
        session.output.show(document_of(made), text.removesuffix("\n"))  # which printing adds
        return
    write_output(output_file, _drawn(session, made, kind), force=force)
    _show_to_others(output_file)
    numbers = {"accounts": len(made.accounts), "arrows": len(made.arrows)}
    said = " and ".join(counted(number, what[:-1]) for what, number in numbers.items())
    said += f", {made.broken} of them broken," if made.broken else ""
    message = f"wrote {said} to {path_text(output_file)}"
    session.output.ok(message, file=output_file, **numbers, broken=made.broken)


def _show_to_others(file: str) -> None:
    """Let others read a picture, which holds no secret, as far as the umask lets them."""
    os.umask(mask := os.umask(0o077))
    with suppress(OSError):  # a file system without modes
        Path(file).chmod(0o644 & ~mask)


def _kind_of(file: str) -> str:
    """Return the format that the name of a file stands for.

    Raises:
        Mistake: It stands for none.
    """
    if file == _SCREEN:
        return "mermaid"
    ending = PurePath(file).suffix
    if kind := _FORMATS.get(ending.lower()):
        return kind
    raise Mistake(
        f"What is to be in {file!r:.80}?",
        click.get_current_context(),
        hint=f"--format says so, or an ending: {', '.join(sorted(_FORMATS))}",
    )


def _drawn(session: Session, made: Graph, kind: str) -> str:
    """Return the text of a picture; of Mermaid it is told where that would not draw it."""
    if kind == "svg":
        from natsauth.cli._graph_svg import svg

        return svg(made)
    if kind == "html":
        from natsauth.cli._graph_page import page

        return page(made)
    from natsauth.cli._graph_mermaid import mermaid

    text, limit = mermaid(made)
    if limit:
        session.output.note(
            f"Mermaid does not draw this as it is: {limit}",
            hint="-a draws some accounts alone; --format html or svg has no such bound",
        )
    return text
