"""Options that several commands have, and what each does to a draft, in nsc's words."""

from __future__ import annotations

from datetime import UTC, datetime
from errno import EEXIST
from typing import TYPE_CHECKING, Any

import click

from natsauth._files import read_file, write_file
from natsauth.cli._commands import Mistake
from natsauth.cli._complete import stored_names
from natsauth.cli._findings import span
from natsauth.cli._values import many, when
from natsauth.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.claims import Claims
    from natsauth.cli._tree import Edit

    Decorator = Callable[[Any], Any]


def options(*declared: Decorator) -> Decorator:
    """Join several options into one decorator, in their order."""

    def decorate(function: Any) -> Any:
        for option in reversed(declared):
            function = option(function)
        return function

    return decorate


def require_any(given: dict[str, Any]) -> None:
    """Refuse an edit for which no option is given.

    Raises:
        Mistake: There is none.
    """
    if all(value is None or value == [] for value in given.values()):
        ctx = click.get_current_context()
        raise Mistake(
            "There is nothing to edit.", ctx, hint=f"{ctx.command_path} --help lists the options"
        )


account_option = click.option(
    "-a",
    "--account",
    metavar="NAME",
    shell_complete=stored_names("account"),
    help="The account; by default the current one.",
)
operator_option = click.option(
    "-o",
    "--operator",
    metavar="NAME",
    shell_complete=stored_names("operator"),
    help="The operator; by default the current one.",
)
force_option = click.option(
    "-F", "--force", is_flag=True, help="Go ahead although people would be locked out."
)
replace_option = click.option("-F", "--force", is_flag=True, help="Replace the file if it exists.")
exist_ok_option = click.option(
    "--exist-ok", is_flag=True, help="Keep what there is of that name, as it is."
)
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and do nothing."
)


def write_output(file: str, text: str, *, force: bool) -> None:
    """Write a file; one that is there stays, unless :data:`replace_option` was given.

    Raises:
        FileError: It is there, or cannot be written.
    """
    try:
        write_file(file, text.encode(), overwrite=force)
    except FileError as error:
        if error.errno == EEXIST:
            error.hint = "-F replaces it"
        raise


def write_armoured(file: str, text: str, *, force: bool) -> None:
    """Write creds or a decorated token; unasked it replaces such a file, as nsc does, and no other.

    Raises:
        FileError: Something else is there, or the file cannot be written.
    """
    write_output(file, text, force=force or _is_armoured(file))


def _is_armoured(file: str) -> bool:
    try:
        return read_file(file, limit=1 << 20).startswith(b"-----BEGIN NATS ")
    except FileError:  # there is none; or writing it tells what is wrong
        return False


def _one(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return the name that an option gives, which says no two."""
    for name in given[1:]:
        name_if_any(given[0], name)
    return given[0] if given else None


names = options(
    click.argument("name", required=False, shell_complete=stored_names()),
    click.option(
        "-n",
        "--name",
        "option",
        metavar="NAME",
        multiple=True,
        callback=_one,
        shell_complete=stored_names(),
        help="Its name.",
    ),
)
lifetime = options(
    click.option("--start", type=when, metavar="WHEN", help="Not valid before; 0 for always."),
    click.option("--expiry", type=when, metavar="WHEN", help="Valid until; 0 for ever, 30d, 1y."),
)
tags = many("--tag", help="Tags to add.")
rm_tags = many("--rm-tag", help="Tags to remove.")


def edit_lifetime(
    edit: Edit, claims: Claims, *, start: int | None = None, expiry: int | None = None
) -> None:
    """Set from when and until when claims are valid; ``None`` leaves it."""
    if start is not None:
        claims.nbf = start
        if start:
            edit.did(f"changed jwt valid start to {moment_text(start)}")
        else:
            edit.did("changed jwt start to not have a start date")
    if expiry is not None:
        claims.exp = expiry
        edit.did(f"changed jwt expiry to {moment_text(expiry) if expiry else 'never expire'}")


def edit_tags(edit: Edit, body: Any, add: list[str], remove: list[str]) -> None:
    """Add and remove tags; as in Go, they are written in lower case."""
    add, remove = [tag.lower() for tag in add], [tag.lower() for tag in remove]
    body.tags = edit_list(edit, "tag", body.tags, add, remove, form='"{}"')


def edit_list(
    edit: Edit,
    label: str,
    present: list[str] | None,
    add: list[str],
    remove: list[str],
    *,
    form: str = "{}",
    ordered: bool = True,
    missed: bool = True,
) -> list[str] | None:
    """Add values to a list and remove some, and say which; as in nsc it is sorted by then.

    Args:
        edit: Where it is said.
        label: What the values are called.
        present: The values so far.
        add: Values to add, if they are not there.
        remove: Values to remove, if they are there.
        form: How a value is shown.
        ordered: Whether the list is sorted where it changes.
        missed: Whether it is said of a value to remove that it is not there.
    """
    values = list(present or ())
    for value in dict.fromkeys(add):
        if value not in values:
            values.append(value)
            edit.did(f"added {label} {form.format(value)}")
    for value in dict.fromkeys(remove):
        if value in values:
            values.remove(value)
            edit.did(f"removed {label} {form.format(value)}")
        elif missed:
            edit.warn(f"there is no {label} {form.format(value)}")
    if values == (present or []):
        return present
    return (sorted(values) if ordered else values) or None


def name_of(positional: str | None, option: str | None, what: str) -> str:
    """Return the name that was given in one way or the other.

    Raises:
        Mistake: It was given in neither, or in both and differently.
    """
    if not (name := name_if_any(positional, option)):
        ctx = click.get_current_context()
        raise Mistake(f"Which {what}?", ctx, hint=f"{ctx.command_path} NAME")
    return name


def name_if_any(positional: str | None, option: str | None) -> str | None:
    """Return the name that was given in one way or the other, if one was.

    Raises:
        Mistake: It was given in both, and differently.
    """
    if positional and option and positional != option:
        raise Mistake(f"Two names are given: {positional!r} and {option!r}.")
    return positional or option


def moment_text(seconds: int) -> str:
    """Return a moment with how far it is away, as nsc does; ``none`` for 0."""
    if not seconds:
        return "none"
    left = seconds - int(datetime.now(UTC).timestamp())
    shown = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{shown} - in {span(left)}" if left > 0 else f"{shown} - {span(-left)} ago"
