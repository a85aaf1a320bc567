"""Deleting accounts from servers, those that are named or all that nobody keeps."""

from __future__ import annotations

from contextlib import aclosing
from operator import attrgetter
from typing import TYPE_CHECKING

from natsauth.errors import LockoutError, UsageError
from natsauth.resolver._answers import parse_reply
from natsauth.resolver._preflight import account_keys
from natsauth.resolver._protocol import DELETE, delete_request
from natsauth.resolver._pull import list_accounts
from natsauth.resolver.results import DeleteResult, PruneResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from natsauth.claims.account import AccountClaims
    from natsauth.keys import PublicKey
    from natsauth.resolver._session import Session
    from natsauth.signing import Signer
    from natsauth.token import Token

_AT_ONCE = 1_000
_KEY_CHARS = 80
"""Characters that an account takes in a request: 59 of JSON in base64."""
_FRAME_CHARS = 1_000
"""Characters that all else takes there, generously."""


async def delete(
    session: Session,
    accounts: Iterable[Token[AccountClaims] | PublicKey | str],
    signer: Signer,
) -> DeleteResult:
    """Delete the accounts that are named."""
    keys = account_keys(accounts)
    if session.system_account in keys:
        raise LockoutError(
            f"nothing was sent: {session.system_account} is the system account",
            hint="leave it out; without it nobody manages the servers",
        )
    requests = _requests(session, keys, signer)
    listed = (await list_accounts(session)).accounts
    unlisted = tuple(key for key in keys if key not in listed)
    return await _delete(session, keys, unlisted, requests)


async def prune(
    session: Session,
    keep: Iterable[Token[AccountClaims] | PublicKey | str],
    signer: Signer | None,
    *,
    dry_run: bool,
    allow_all: bool,
) -> PruneResult:
    """Delete the accounts that servers have and that are not kept."""
    if signer is None and not dry_run:
        raise UsageError("prune() needs signer=, a key of the operator, or dry_run=True")
    # In this order: who adds an account keeps it before it is pushed.
    listing = await list_accounts(session)
    kept = {*account_keys(keep)}
    if not allow_all and session.system_account not in kept:
        what = "lack the system account" if kept else "are none"
        raise _suspicious(f"the accounts to keep {what}")
    others = listing.accounts - {session.system_account}
    surplus = sorted(others - kept)
    if surplus and not others & kept and not allow_all:
        raise _suspicious(
            f"of the accounts on the servers, {len(surplus)} besides the system account, "
            "none is to be kept"
        )
    deleted = None
    if surplus and signer is not None and not dry_run:
        requests = _requests(session, surplus, signer)
        deleted = await _delete(session, surplus, (), requests)
    return PruneResult(tuple(surplus), listing.missing, deleted)


def _suspicious(what: str) -> LockoutError:
    return LockoutError(
        f"nothing was sent: {what}",
        hint="give all accounts of the operator; if it is meant so, say allow_all=True",
    )


def _requests(session: Session, keys: Sequence[str], signer: Signer) -> list[bytes]:
    room = (session.max_payload - _FRAME_CHARS) // _KEY_CHARS
    step = max(1, min(_AT_ONCE, room))
    return [
        delete_request(keys[start : start + step], session.operator, signer)
        for start in range(0, len(keys), step)
    ]


async def _delete(
    session: Session, keys: Sequence[str], unlisted: tuple[str, ...], requests: list[bytes]
) -> DeleteResult:
    replies, missing, no_responders = [], set(), False
    async with aclosing(session.ask_each((DELETE, request) for request in requests)) as answered:
        async for answers in answered:
            given = [parse_reply(answer) for answer in answers.received]
            replies += given
            missing |= {*session.roster.missing({reply.server_id for reply in given})}
            no_responders |= answers.no_responders
    replies.sort(key=attrgetter("server_name"))
    return DeleteResult(
        tuple(keys), unlisted, tuple(replies), tuple(sorted(missing)), no_responders
    )
