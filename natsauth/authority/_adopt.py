"""Accounts and users that were made elsewhere, taken into a tree."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth.authority._draft import keys_of
from natsauth.authority._tree import fold
from natsauth.errors import (
    ConflictError,
    ExistsError,
    NatsAuthError,
    NotFoundError,
    StoreDataError,
)
from natsauth.store.base import check_name
from natsauth.trust import TIME_CODES, TrustCode, check_account, check_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsauth.authority._account import Accounts
    from natsauth.authority._draft import Path
    from natsauth.authority._operator import OperatorNode
    from natsauth.authority._user import Users
    from natsauth.claims import AccountClaims, UserClaims
    from natsauth.claims.revocations import Revocable
    from natsauth.store import Store
    from natsauth.token import Token

_SHOWN = 5
_PASSING = TIME_CODES | {TrustCode.USER_REVOKED}


def adopt_account(
    store: Store,
    operator: OperatorNode,
    token: Token[AccountClaims],
    *,
    overwrite: bool = False,
    overwrite_newer: bool = False,
    foreign: bool = False,
) -> str:
    """Take in an account: as it is, if the operator signed it; else to be signed by the operator.

    What is stored as it is, is stored at once; the caller holds the lock of the store. The rest
    is a draft for the next commit.

    Args:
        store: The store of the operator.
        operator: The operator.
        token: The account.
        overwrite: Whether it may take the place of the same account.
        overwrite_newer: Whether it may do so even if that one is newer, or refuses what it takes.
        foreign: Whether it may come from another operator.

    Returns:
        Its name.

    Raises:
        ExistsError: There is an account of that name, the same one or another; or it is here under
            another name.
        ConflictError: The one that is here is newer, or as new and another; or it refuses what the
            new one takes.
        TrustError: Another operator signed it.
        StoreNameError: The account has no name that can be kept.
    """
    claims = token.claims
    name = check_name(claims.name)
    overwrite = overwrite or overwrite_newer
    present = _present(operator.accounts, (*operator.path, name), claims.sub, overwrite=overwrite)
    if present is None:
        _check_key(operator, claims.sub)
    elif not overwrite_newer:
        _check_newer(token, present.token)
        _check_refused(store, token.claims, present.token.claims)
    report = check_account(token, operator.token).without(_PASSING)
    if report:
        store.write(token.encoded, operator.name, name)
    elif foreign or claims.iss == claims.sub:
        node = present or operator.accounts.add(name, key=claims.sub)
        node.claims.nats, node.claims.exp, node.claims.nbf = claims.nats, claims.exp, claims.nbf
        node.reissue()
    else:
        report.raise_for_errors()
    return name


class Adopted(NamedTuple):
    """What became of an account that came from a server.

    Attributes:
        name: Its name in the store, or would be.
        account: Its public key.
        stored: Whether it was stored; ``False`` if it is there already, or refused.
        error: Why it was refused, or ``None``.
    """

    name: str
    account: str
    stored: bool
    error: NatsAuthError | None = None


def adopt_pulled(
    store: Store,
    operator: OperatorNode,
    tokens: Iterable[Token[AccountClaims]],
    *,
    overwrite_newer: bool = False,
    dry_run: bool = False,
) -> Iterator[Adopted]:
    """Take in accounts as servers have them; the caller holds the lock of the store.

    An account keeps the name that it has in the store; a new one gets that of its claims. It may
    take the place of an entry that cannot be read, where that is asked for.

    Args:
        store: The store of the operator.
        operator: The operator.
        tokens: The accounts.
        overwrite_newer: Whether what is newer in the store, refuses what the new one takes, or
            cannot be read, is replaced, too.
        dry_run: Whether nothing is stored.
    """
    known, names = {}, _names(operator.accounts, operator.path)
    for name in names.values():
        with suppress(StoreDataError):
            known[operator.accounts.token(name).claims.sub] = name
    for token in tokens:
        claims = token.claims
        name = known.get(claims.sub, claims.name)
        try:
            stored = _take(store, operator, token, name, overwrite_newer=overwrite_newer,
                           new=None if claims.sub in known else names,
                           dry_run=dry_run)  # fmt: skip
        except NatsAuthError as error:
            yield Adopted(name, claims.sub, stored=False, error=error)
            continue
        known[claims.sub] = name
        if not dry_run:
            names[fold((*operator.path, name))] = name
        yield Adopted(name, claims.sub, stored)


def _take(
    store: Store,
    operator: OperatorNode,
    token: Token[AccountClaims],
    name: str,
    *,
    new: dict[str, str] | None,
    overwrite_newer: bool,
    dry_run: bool,
) -> bool:
    """Store an account, unless it is there already; a new one where the names are that are taken.

    Raises:
        ConflictError: The one that is there is newer, or as new and another; or it refuses what
            the new one takes.
        ExistsError: There is another account of that name.
        StoreDataError: What has that name cannot be read.
        TrustError: The operator did not sign it.
        StoreError, FileError: It cannot be stored.
    """
    check_account(token, operator.token).without(_PASSING).raise_for_errors()
    if new is not None:
        try:
            path = (*operator.path, check_name(name))
            _present(operator.accounts, path, token.claims.sub, names=new)
        except StoreDataError as error:
            if not overwrite_newer:
                hint = "--overwrite-newer replaces it"
                raise StoreDataError(str(error.args[0]), hint=hint) from error
    else:
        present = operator.accounts.token(name)
        if present == token:
            return False
        if not overwrite_newer:
            _check_newer(token, present, "on the server", "push it, or ")
            _check_refused(store, token.claims, present.claims)
    if not dry_run:
        store.write(token.encoded, operator.name, name)
    return True


def adopt_user(
    store: Store,
    operator: OperatorNode,
    token: Token[UserClaims],
    *,
    overwrite: bool = False,
    overwrite_newer: bool = False,
) -> tuple[str, ...]:
    """Take in a user of an account, as it is; the caller holds the lock of the store.

    Args:
        store: The store of the operator.
        operator: The operator.
        token: The user.
        overwrite: Whether it may take the place of the same user.
        overwrite_newer: Whether it may do so even if that one is newer.

    Returns:
        Its path.

    Raises:
        NotFoundError: Its account is not here.
        ExistsError: There is a user of that name: the same one, or another.
        ConflictError: The one that is here is newer, or as new and another.
        TrustError: No key of the account signed it.
        StoreNameError: The user has no name that can be kept.
    """
    claims = token.claims
    name = check_name(claims.name)
    try:
        account = operator.accounts.find_key(claims.account)
    except NotFoundError:
        raise NotFoundError(
            f"the account {claims.account!r:.80} of the user is not here", hint="import it first"
        ) from None
    path, overwrite = (*account.path, name.strip()), overwrite or overwrite_newer
    present = _present(account.users, path, claims.sub, overwrite=overwrite)
    if present is not None and not overwrite_newer:
        _check_newer(token, present.token)
    check_user(token, account.token, operator.token).without(_PASSING).raise_for_errors()
    store.write(token.encoded, *path)
    return path


def _names(entries: Accounts | Users, above: Path) -> dict[str, str]:
    """Return the names that are in use, by what others must differ in."""
    return {fold((*above, name)): name for name in entries}


def _present(
    entries: Accounts | Users,
    path: Path,
    key: str,
    *,
    overwrite: bool = False,
    names: dict[str, str] | None = None,
) -> Any:
    """Return the entry that is to be replaced, or ``None``."""
    same = (_names(entries, path[:-1]) if names is None else names).get(fold(path))
    if same is None:
        return None
    present = entries[same]
    kind = present.claims.kind
    if present.public_key != key:
        raise ExistsError(
            f"there is another {kind} {same!r:.80}, {present.public_key}",
            hint="rename or delete that one first",
        )
    if not overwrite:
        raise ExistsError(
            f"the {kind} {same!r:.80} is here already", hint="overwrite takes its place"
        )
    return present


def _check_newer(
    token: Token[Any], present: Token[Any], there: str = "in the file", cure: str = ""
) -> None:
    """Refuse to go back to an older token, which knows less of who is revoked."""
    if present != token and present.claims.iat >= token.claims.iat:
        newer = present.claims.iat > token.claims.iat
        raise ConflictError(
            f"it is newer here than {there}" if newer
            else f"it differs from that {there}, and is as new",
            hint=f"{cure}have it replaced with --overwrite-newer",
        )  # fmt: skip


def _check_refused(store: Store, claims: AccountClaims, present: AccountClaims) -> None:
    """Refuse to take again what the present account refuses, be it older: that may be unpushed."""
    body, other = present.nats, claims.nats
    exports = {
        (export.type, export.subject): export for export in filter(None, other.exports or ())
    }
    taken_again = [*_taken_again(body, other)]
    for export in filter(None, body.exports or ()):
        taken_again += _taken_again(export, exports.get((export.type, export.subject), export))
    # A key whose seed is here was one of the account's; any other may have been added elsewhere.
    for key in {*keys_of(claims)} - {*keys_of(present)}:
        with suppress(NotFoundError):
            store.seed(key)
            taken_again.append(key)
    if taken_again:
        raise ConflictError(
            f"it would take again what it refuses here: {', '.join(sorted(taken_again)[:_SHOWN])}",
            hint="have it replaced with --overwrite-newer, revoke or remove it again, and push it",
        )


def _taken_again(present: Revocable, new: Revocable) -> list[str]:
    """Return the keys that are revoked, and would not be any more, or up to an earlier moment."""
    revocations = present.revocations or {}
    return [key for key, moment in revocations.items() if not new.is_revoked(key, moment)]


def _check_key(operator: OperatorNode, key: str) -> None:
    """Refuse an account that is here under another name: servers would take them for one."""
    with suppress(NotFoundError):
        name = operator.accounts.find_key(key).name
        raise ExistsError(f"the account is here as {name!r:.80} already", hint="rename that first")
