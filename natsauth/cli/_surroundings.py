"""What stands around a user: operator and account, from files, or from the store."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from natsauth.claims import AccountClaims, OperatorClaims
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._credentials import read_source
from natsauth.cli._options import options
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import Workspace, found
from natsauth.errors import NotFoundError, StoreDataError
from natsauth.token import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.claims import Claims, UserClaims
    from natsauth.cli._session import Session
    from natsauth.token import Token

    C = TypeVar("C", bound=Claims)

surroundings_options = options(
    click.option(
        "-o",
        "--operator",
        "operators",
        metavar="FILE|NAME",
        multiple=True,
        help="The operator that the server trusts: a file, or a name in the store.",
    ),
    click.option(
        "-a", "--account", metavar="FILE|NAME", help="The account: a file, or a name in the store."
    ),
)


class Note(NamedTuple):
    """What somebody should know beside the verdict."""

    message: str
    hint: str = ""


@dataclass(slots=True)
class Surroundings:
    """What is known around a user.

    Attributes:
        work: The store.
        operators: The operators that the server trusts; empty if that is not known.
        account: What the server has for the user's account; ``None`` if that is not known.
        is_certain: Whether the server has no other account for the user than this one, or none.
        names: The names of operator and account in the store, and of the user if it is there.
        asked: The name of the operator of the store that was asked for, or an empty string.
        notes: What somebody should know.
    """

    work: Workspace
    operators: list[Token[OperatorClaims]] = field(default_factory=list)
    account: Token[AccountClaims] | None = None
    is_certain: bool = False
    names: tuple[str, ...] = ()
    asked: str = ""
    notes: list[Note] = field(default_factory=list)


def look_around(
    session: Session, user: UserClaims | None, *, operators: Sequence[str], account: str | None
) -> Surroundings:
    """Find operator and account of a user: those that are given, or those of the store.

    Args:
        session: The session.
        user: The user, if its token can be read.
        operators: Files or names of operators.
        account: The file or name of an account.

    Raises:
        FileError: A file cannot be read.
        TokenError, ClaimsError: A file holds something else.
        NotFoundError: The store has nothing of a name.
        StoreDataError: The store has something else in its place.
    """
    around = Surroundings(Workspace(session))
    tokens = [(name, _in_file(name, OperatorClaims)) for name in operators]
    nodes = [around.work.operator(name) for name, token in tokens if token is None]
    around.operators = [token for _, token in tokens if token] + [node.token for node in nodes]
    around.asked = nodes[0].name if nodes else ""
    if account and (token := _in_file(account, AccountClaims)):
        around.account, around.is_certain = token, True
    elif account:
        operator = nodes[0] if nodes else around.work.operator()
        _take(around, operator, found(operator.accounts, account, operator), user)
        around.is_certain = True
    elif user:
        _search(around, user, nodes or [*operators_of(around.work)])
    return around


def _search(around: Surroundings, user: UserClaims, operators: list[OperatorNode]) -> None:
    """Look in the store for the user's account, or the one whose signing key passes for it."""
    for operator in operators:
        try:
            account = operator.accounts.find_key(user.account)
        except NotFoundError:
            continue
        except StoreDataError as error:
            around.notes.append(Note(str(error.args[0]), error.hint))
            continue
        _take(around, operator, account, user)
        return
    for operator in operators:
        for node in _readable(operator):
            if user.account in map(public_key_of, node.token.claims.nats.signing_keys):
                _take(around, operator, node, user)
                around.is_certain = True
                return


def _take(
    around: Surroundings, operator: OperatorNode, account: AccountNode, user: UserClaims | None
) -> None:
    around.operators = around.operators or [operator.token]
    around.account, around.names = account.token, (operator.name, account.name)
    try:
        stored = account.users.find_key(user.sub) if user else None
    except (NotFoundError, StoreDataError):
        return
    if stored and user:
        around.names += (stored.name,)
        if stored.token.claims.iat > user.iat:
            around.notes.append(
                Note(
                    f"the store has a newer token of user {stored.name!r:.80} than this one",
                    f"natsauth generate creds -a {account.name} -n {stored.name}",
                )
            )


def operators_of(work: Workspace) -> Iterator[OperatorNode]:
    """Go through the operators of the store, the current one first."""
    everyone, current = work.authority.operators, ""
    if len(everyone):
        current = work.context.operator
    for name in sorted(everyone, key=lambda name: name != current):
        try:
            yield everyone[name]
        except StoreDataError:
            continue


def _readable(operator: OperatorNode) -> Iterator[AccountNode]:
    for name in operator.accounts:
        try:
            yield operator.accounts[name]
        except StoreDataError:
            continue


def _in_file(name: str, kind: type[C]) -> Token[C] | None:
    """Return the token in a file, or which is given itself; ``None`` for the name of an entry."""
    is_path = os.path.isfile(name) or os.sep in name or name.endswith(".jwt")  # noqa: PTH113 - raises nothing
    if not (is_path or name.startswith("eyJ")):
        return None
    return decode(token_in(read_source(name)), kind)
