"""``natsauth import account`` and ``import user``: from a file of another place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from natsauth._files import read_file
from natsauth.authority._adopt import adopt_account, adopt_user
from natsauth.claims import AccountClaims, UserClaims
from natsauth.cli._commands import command
from natsauth.cli._options import options
from natsauth.cli._output import path_text
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import editing
from natsauth.creds import MAX_BYTES, Creds
from natsauth.errors import ValidationError
from natsauth.token import decode
from natsauth.validation import validate

if TYPE_CHECKING:
    from natsauth.claims.base import Claims
    from natsauth.cli._session import Session
    from natsauth.cli._tree import Edit
    from natsauth.token import Token

    C = TypeVar("C", bound=Claims)

_common = options(
    click.option("--overwrite", is_flag=True, help="Take the place of the same one."),
    click.option("--overwrite-newer", is_flag=True, help="Even if that one is newer."),
    click.option("--skip", is_flag=True, help="Go ahead although servers would refuse it."),
)


@command(
    "account",
    "natsauth import account --file orders.jwt",
    "natsauth import account --file orders.jwt --overwrite",
)
@click.option("-j", "--file", required=True, metavar="FILE", help="The account's token.")
@_common
@click.option("--force", is_flag=True, help="Take in an account of another operator, too.")
@click.pass_obj
def account(
    session: Session,
    /,
    file: str,
    *,
    overwrite: bool,
    overwrite_newer: bool,
    skip: bool,
    force: bool,
) -> None:
    """Take in an account that was made elsewhere.

    It stays as it is if the operator signed it. One that signed itself is signed by the operator,
    and with --force so is one of another operator.
    """
    with editing(session, force=skip) as edit:
        token = _checked(edit, decode(token_in(_read(file)), AccountClaims), skip=skip)
        operator = edit.operator()
        name = adopt_account(
            edit.store, operator, token,
            overwrite=overwrite, overwrite_newer=overwrite_newer, foreign=force,
        )  # fmt: skip
        if name in operator.accounts:
            edit.sign(operator.accounts[name])
        edit.did(
            f"account {name} was successfully imported",
            kind="account",
            path=(operator.name, name),
            public_key=token.claims.sub,
        )


@command(
    "user",
    "natsauth import user --file alice.creds",
    "natsauth import user --file alice.jwt --overwrite",
)
@click.option("-f", "--file", required=True, metavar="FILE", help="The user's token, or creds.")
@_common
@click.pass_obj
def user(
    session: Session, /, file: str, *, overwrite: bool, overwrite_newer: bool, skip: bool
) -> None:
    """Take in a user that was made elsewhere, and its seed if the file is one of creds."""
    text = _read(file)
    creds = Creds.parse(text) if "USER NKEY SEED-" in text else None
    with editing(session) as edit:
        found = creds.token if creds else decode(token_in(text), UserClaims)
        token = _checked(edit, found, skip=skip)
        path = adopt_user(
            edit.store, edit.operator(), token,
            overwrite=overwrite, overwrite_newer=overwrite_newer,
        )  # fmt: skip
        if creds:
            edit.store.add_seed(creds.reveal_seed())
            edit.did(f"key stored {path_text(edit.store.key_file(creds.public_key))}")
        edit.did(
            f"user {path[-1]} was successfully imported",
            kind="user",
            path=path,
            public_key=token.claims.sub,
        )


def _checked(edit: Edit, token: Token[C], *, skip: bool) -> Token[C]:
    """Return a token that servers would take, as far as it alone says.

    Raises:
        ValidationError: They would not, and ``skip`` does not say that this does not matter.
    """
    report = validate(token.claims, now=datetime.now(UTC))
    for issue in report.issues:
        edit.warn(f"validation resulted in: {issue}")
    if not (report or skip):
        problems = "; ".join(str(issue) for issue in report.issues)
        raise ValidationError(f"servers would refuse it: {problems}", hint="--skip takes it in")
    return token


def _read(file: str) -> str:
    return read_file(file, limit=MAX_BYTES).decode("utf-8", "replace")
