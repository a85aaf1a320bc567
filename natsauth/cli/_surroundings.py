"""What stands around a user: operator and account, from files, or from the store."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from shlex import join
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from natsauth.claims import AccountClaims, OperatorClaims
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._credentials import read_source
from natsauth.cli._options import options
from natsauth.cli._readable import readable
from natsauth.cli._tokens import token_in
from natsauth.cli._tree import Workspace, found
from natsauth.errors import ClaimsError, NotFoundError, StoreDataError, TokenError
from natsauth.token import decode
from natsauth.trust.rules import trusted_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.claims import Claims, UserClaims
    from natsauth.cli._session import Session
    from natsauth.token import Token

    C = TypeVar("C", bound=Claims)
    Words = tuple[str, ...]
    """A command, without its program."""

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
        names: The names of operator and account in the store, and of the user if it is there; empty
            where no command on the store is of use.
        asked: The name of the operator of the store that was asked for, or an empty string.
        notes: What somebody should know.
        file: The file that the account is from, or an empty string.
        local: What the store has for the account.
        stored: Another token of the user, which the store has and which is no older.
        owner: The name of the account's operator in the store, if that is none of ``operators``.
        places: The options that say where the store is.
        is_current: Whether commands mean this operator as it is.
        server: The options that say to which server one pushes.
    """

    work: Workspace
    operators: list[Token[OperatorClaims]] = field(default_factory=list)
    account: Token[AccountClaims] | None = None
    is_certain: bool = False
    names: tuple[str, ...] = ()
    asked: str = ""
    notes: list[Note] = field(default_factory=list)
    file: str = ""
    local: Token[AccountClaims] | None = None
    stored: Token[UserClaims] | None = None
    owner: str = ""
    places: tuple[str, ...] = ()
    is_current: bool = True
    server: tuple[str, ...] = ()

    def run(self, *commands: Words) -> str:
        """Return commands as a line for a shell, for this store and this operator.

        It is empty without commands, and where a name would be taken for an option.
        """
        if not commands or any(name.startswith("-") for name in self.names):
            return ""
        select = [] if self.is_current else [("select", "operator", *self.names[:1])]
        lines = [("natsauth", *words, *self.places) for words in (*select, *commands)]
        return " && ".join(map(join, lines))

    def name_of(self, key: str) -> str:
        """Return the name of an account of the store, or the key where none has it."""
        for operator in operators_of(self.work):
            with suppress(NotFoundError, StoreDataError):
                return f"{operator.accounts.find_key(key).name!r:.80}"
        return key

    @property
    def is_behind(self) -> bool:
        """Whether servers have a newer token of the account than the store."""
        there, here = self.account, self.local
        return bool(there and here and there.claims.iat > here.claims.iat)

    @property
    def push(self) -> Words:
        """The command that pushes the account."""
        return ("push", "-a", self.names[1], *self.server)

    @property
    def pull(self) -> Words:
        """The command that fetches the account."""
        return ("pull", "-a", self.names[1], *self.server)

    def creds(self, file: str) -> Words:
        """Return the command that writes the creds of the user, in place of a file if it is one."""
        _, account, user = self.names
        place = (file, "-F") if file else (f"{user}.creds",)
        return ("generate", "creds", "-a", account, "-n", user, "-o", *place)


def look_around(
    session: Session,
    user: UserClaims | None,
    *,
    operators: Sequence[str],
    account: str | None,
    file: str = "",
) -> Surroundings:
    """Find operator and account of a user: those that are given, or those of the store.

    Args:
        session: The session.
        user: The user, if its token can be read.
        operators: Files or names of operators.
        account: The file or name of an account.
        file: The creds file of the user, if there is one.

    Raises:
        FileError: A file cannot be read.
        TokenError, ClaimsError: A file holds something else.
        NotFoundError: The store has nothing of a name.
        StoreDataError: The store has something else in its place.
    """
    around = Surroundings(Workspace(session), places=_places(session))
    tokens = [(name, _in_file(name, OperatorClaims)) for name in operators]
    nodes = [around.work.operator(name) for name, token in tokens if token is None]
    around.operators = [token for _, token in tokens if token] + [node.token for node in nodes]
    around.asked = nodes[0].name if nodes else ""
    if account and (token := _in_file(account, AccountClaims)):
        around.account, around.is_certain = token, True
        around.file = "" if account.startswith("eyJ") else account
        for operator in () if around.operators else operators_of(around.work):
            if token.claims.iss in trusted_keys(operator.token.claims):
                around.operators = [operator.token]
    elif account:
        operator = nodes[0] if nodes else around.work.operator()
        _take(around, operator, found(operator.accounts, account, operator), user)
        around.is_certain = True
    elif user:
        everyone = [*operators_of(around.work)]
        if not (_search(around, user, nodes) or _search(around, user, everyone)):
            _note_signer(around, user)
    if around.stored and user:
        age = "a newer" if around.stored.claims.iat > user.iat else "another"
        words = f"the store has {age} token of user {around.names[-1]!r:.80} than this one"
        around.notes.append(Note(words, around.run(around.creds(file))))
    return around


def _places(session: Session) -> tuple[str, ...]:
    """Return the options that say where the store is, as they were given."""
    given = {
        "-H": session.all_dirs,
        "--config-dir": session.config_dir,
        "--data-dir": session.data_dir,
        "--keystore-dir": session.keystore_dir,
    }
    return tuple(word for name, place in given.items() if place for word in (name, str(place)))


def _search(around: Surroundings, user: UserClaims, operators: list[OperatorNode]) -> bool:
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
        return True
    for operator in operators:
        for node in _readable(operator):
            if user.account in map(public_key_of, node.token.claims.nats.signing_keys):
                _take(around, operator, node, user)
                around.is_certain = True
                return True
    return False


def _note_signer(around: Surroundings, user: UserClaims) -> None:
    """Note whose key signed a user of an account that the store does not have."""
    for operator in operators_of(around.work):
        for node in _readable(operator):
            claims = node.token.claims
            if user.iss in {claims.sub, *map(public_key_of, claims.nats.signing_keys)}:
                around.notes.append(
                    Note(
                        f"a key of account {node.name!r:.80} of operator {operator.name!r:.80} "
                        f"signed the user, and its token names another account, {user.account}",
                        "if it is a user of that account, sign it anew with its public key, "
                        f"{claims.sub}, as issuer_account",
                    )
                )
                return


def _take(
    around: Surroundings, operator: OperatorNode, account: AccountNode, user: UserClaims | None
) -> None:
    around.account = around.local = account.token
    trusted = {token.claims.sub for token in around.operators}
    if trusted and operator.token.claims.sub not in trusted:
        around.owner = operator.name
        return
    around.operators = around.operators or [operator.token]
    around.names = (operator.name, account.name)
    around.is_current = around.work.context.operator == operator.name
    try:
        stored = account.users.find_key(user.sub) if user else None
    except (NotFoundError, StoreDataError):
        return
    if stored and user:
        around.names += (stored.name,)
        if stored.token.claims.iat >= user.iat and stored.token.claims != user:
            around.stored = stored.token


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
    try:
        return decode(token_in(read_source(name)), kind)
    except (TokenError, ClaimsError) as error:
        if name.startswith("eyJ"):
            raise
        error.args = (f"{name!r}: {readable(str(error.args[0]))}",)
        raise
