"""What would lock people out: found before anything is written, with the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.authority._signers import account_signers, user_signers
from natsauth.claims import AccountClaims, OperatorClaims
from natsauth.claims.base import clock
from natsauth.errors import LockoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority._draft import Draft
    from natsauth.authority._tree import Tree

_SHOWN = 5
_CURE = "commit(allow_lockout=True) does it all the same"


def check_lockout(tree: Tree, draft: Draft[Any], now: int) -> None:
    """Refuse a change by which connections that work now would work no more.

    Raises:
        LockoutError: There are such; they are named.
    """
    if draft.deleted:
        _check_deletion(tree, draft)
    elif isinstance(draft.claims, OperatorClaims):
        _check_operator(tree, draft)
    elif isinstance(draft.claims, AccountClaims):
        _check_account(tree, draft, now)


def _check_deletion(tree: Tree, draft: Draft[Any]) -> None:
    operator = tree.drafts.get(draft.path[:1])
    if len(draft.path) == 1 or operator is None or operator.deleted:
        return
    if draft.claims.sub == operator.claims.nats.system_account:
        raise LockoutError(
            f"{draft.path[-1]!r:.80} is the system account, without which servers do not start",
            hint=f"make another account the system account first; {_CURE}",
        )


def _check_operator(tree: Tree, draft: Draft[OperatorClaims]) -> None:
    body, before = draft.claims.nats, draft.token.claims.nats if draft.token else None
    if body.strict_signing_key_usage and not body.signing_keys:
        raise LockoutError(
            "a strict operator without signing keys can sign no account",
            hint="add a signing key to the operator first",
        )
    if before is None:
        return
    if before.system_account and not body.system_account:
        raise LockoutError(
            "without a system account servers with a resolver do not start",
            hint=f"name another account as the system account; {_CURE}",
        )
    stricter = body.strict_signing_key_usage and not before.strict_signing_key_usage
    if not (stricter or {*(before.signing_keys or ())} - {*(body.signing_keys or ())}):
        return
    trusted = account_signers(draft.claims)
    orphans = [
        f"account {path[-1]!r:.80}"
        for path, claims in _stored(tree, draft.path)
        if claims.iss not in trusted
    ]
    if stricter:
        for name in tree.names(*draft.path):
            orphans += _orphaned_users(tree, (*draft.path, name), strict=True)
    if orphans:
        raise LockoutError(
            f"signed by a key that would not count any more: {_listed(orphans)}",
            hint=f"reissue_all() signs them anew in the same commit; {_CURE}",
        )


def _check_account(tree: Tree, draft: Draft[AccountClaims], now: int) -> None:
    claims, name = draft.claims, f"account {draft.path[-1]!r:.80}"
    operator, limits = tree.draft(draft.path[0]).claims, claims.nats.limits
    if claims.sub == operator.nats.system_account and limits.has_jetstream():
        raise LockoutError(
            f"{name} is the system account: no server with JetStream starts when it has JetStream",
            hint="set its mem_storage and disk_storage to 0",
        )
    if draft.token is None:
        return
    before = draft.token.claims
    if 0 < claims.exp <= clock(now) and claims.exp != before.exp:
        raise LockoutError(
            f"{name} would be expired, and all of its users disconnected",
            hint=f"set an exp in the future, or 0 for none; {_CURE}",
        )
    if limits.conn == 0 != before.nats.limits.conn:
        raise LockoutError(
            f"{name} would allow no connections: 0 is none, -1 is any number", hint=_CURE
        )
    if orphans := _orphaned_users(
        tree, draft.path, strict=operator.nats.strict_signing_key_usage, before=before
    ):
        raise LockoutError(
            f"signed by a key that {name} would not have any more: {_listed(orphans)}",
            hint=f"reissue() signs them anew in the same commit, or delete them; {_CURE}",
        )
    if limits.disallow_bearer and not before.nats.limits.disallow_bearer:
        bearers = [
            f"user {path[-1]!r:.80}"
            for path, user in _stored(tree, draft.path)
            if user.nats.bearer_token
        ]
        if bearers:
            raise LockoutError(
                f"{name} would refuse its bearers: {_listed(bearers)}",
                hint=f"issue them without bearer_token, or delete them; {_CURE}",
            )


def _orphaned_users(
    tree: Tree, path: tuple[str, ...], *, strict: bool, before: AccountClaims | None = None
) -> list[str]:
    """Return the users whose signer does not count, though it did in what was before."""
    account: AccountClaims = tree.draft(*path).claims
    trusted = user_signers(account, strict=strict)
    lost = set(user_signers(before, strict=False)) - {*trusted} if before else None
    if lost is not None and not lost:
        return []
    return [
        f"user {user_path[-1]!r:.80} of {path[-1]!r:.80}"
        for user_path, user in _stored(tree, path)
        if user.iss not in trusted and (lost is None or user.iss in lost)
    ]


def _stored(tree: Tree, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Go through the claims below a path that this commit leaves as they are stored."""
    for name in tree.names(*above):
        path = (*above, name)
        draft = tree.drafts.get(path)
        if draft is None:
            yield path, tree.read(*path).claims
        elif not draft.is_edited:
            yield path, draft.claims


def _listed(items: list[str]) -> str:
    rest = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
