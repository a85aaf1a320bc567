"""What would lock people out: found before anything is written, with the cure.

That is everybody whom servers let in by what is stored, and would turn away by what is to be; save
those who are revoked or deleted, for this is what that is for.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from natsauth.authority._draft import keys_of
from natsauth.claims import AccountClaims, OperatorClaims, UserClaims, UserScope
from natsauth.errors import LockoutError, StoreDataError
from natsauth.store.base import ACCOUNT, KINDS, USER
from natsauth.trust import TrustCode, check_account, check_user
from natsauth.validation import IssueCode, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.authority._draft import Draft, Path
    from natsauth.authority._tree import Tree
    from natsauth.claims import Claims
    from natsauth.token import Token

    _Tokens = dict[Path, Token[Any]]

_SHOWN = 5
_CURE = "allow_lockout=True does it all the same"
_POWERLESS = "may do nothing"
"""Beside the trust codes: of a user that has nothing of its own, and gets nothing by a scope."""


def check_lockout(tree: Tree, pending: list[Draft[Any]], tokens: _Tokens, now: int) -> None:
    """Refuse changes by which whoever gets in now would get in no more.

    Args:
        tree: Where the changes belong.
        pending: What is changed.
        tokens: What is to be stored, by path.
        now: The moment.

    Raises:
        LockoutError: There are such; they are named.
        NotFoundError, StoreDataError: An entry cannot be read that has to be looked at.
    """
    for draft in pending:
        if draft.deleted:
            _check_deletion(tree, draft)
            continue
        _check_itself(draft, now)
        if isinstance(draft.claims, OperatorClaims):
            _check_operator(tree, draft)
        elif isinstance(draft.claims, AccountClaims):
            operator = tree.draft(draft.path[0]).claims
            if draft.public_key == operator.nats.system_account:
                _check_system_account(draft)
        elif _is_powerless(tokens[draft.path].claims, tree.draft(*draft.path[:ACCOUNT]).claims):
            raise LockoutError(
                f"user {draft.path[-1]!r:.80} has neither permissions and limits of its own nor "
                "a scoped signing key that gives them",
                hint=f"sign_with() a role, or give it limits such as subs=-1; {_CURE}",
            )
    if reasons := _left_out(tree, tokens, now):
        left_out = [
            f"{KINDS[len(path)]} {'/'.join(path[1:])!r:.80} ({reason})"
            for path, reason in reasons.items()
        ]
        raise LockoutError(
            f"servers would turn away {_named(left_out)}",
            hint=f"{_cure(tree, reasons)}; {_CURE}",
        )


def _cure(tree: Tree, reasons: dict[Path, str]) -> str:
    """Return what helps those who would be turned away."""
    if {*reasons.values()} == {TrustCode.USER_NOT_EMPTY}:
        return (
            "a key of its own for the role leaves them alone; or clear() the users in the same "
            "commit, which then have the permissions of the role"
        )
    if not {*reasons.values()} & {TrustCode.ACCOUNT_STRICT, TrustCode.USER_STRICT}:
        return (
            "reissue() them in the same commit, or all by reissue_all(), as the change demands; "
            "or delete them"
        )
    strict = [path[:ACCOUNT] for path, why in reasons.items() if why == TrustCode.USER_STRICT]
    bare = [
        f"{path[-1]!r:.80}"
        for path in dict.fromkeys(strict)
        if all(isinstance(k, UserScope) for k in tree.draft(*path).claims.nats.signing_keys)
    ]
    if not bare:
        return "reissue() them by signing keys first, the accounts and their users"
    return (
        f"account {_named(bare)} without a plain signing key needs one: signing_keys.generate(); "
        "then reissue() the accounts and their users first"
    )


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _check_deletion(tree: Tree, draft: Draft[Any]) -> None:
    if len(draft.path) == 1:
        return
    above, name = tree.drafts[draft.path[:-1]], f"{draft.path[-1]!r:.80}"
    if len(draft.path) < USER:
        if draft.public_key and draft.public_key == above.claims.nats.system_account:
            raise LockoutError(
                f"{name} is the system account, without which servers do not start",
                hint=f"make another account the system account first; {_CURE}",
            )
    elif draft.public_key in (servants := above.claims.nats.authorization.auth_users or ()):
        left = set()
        for other in tree.names(*above.path):
            with suppress(StoreDataError):
                left.add(tree.draft(*above.path, other).public_key)
        if not left & {*servants}:
            raise LockoutError(
                f"without {name} nobody serves the auth callout, and without that nobody gets in",
                hint=f"turn the callout off, or name another user for it; {_CURE}",
            )


def _check_itself(draft: Draft[Any], now: int) -> None:
    """Refuse times and limits by which an entry would be of no use, unless it is of none by now."""
    what, claims, stored = f"{draft.claims.kind} {draft.path[-1]!r:.80}", draft.claims, draft.stored
    if 0 < claims.exp <= now and not (stored and 0 < stored.exp <= now):
        raise LockoutError(
            f"{what} would have expired already, at {_moment(claims.exp)}",
            hint=f"set an exp in the future, or 0 for none; {_CURE}",
        )
    if stored is None:
        return
    if claims.nbf > now >= stored.nbf:
        raise LockoutError(
            f"{what}, which is in use, would not be valid before {_moment(claims.nbf)}",
            hint=f"set nbf to 0; {_CURE}",
        )
    known = _dead_limits(stored, now)
    if news := [issue for issue in _dead_limits(claims, now) if issue not in known]:
        raise LockoutError(f"{what}: {'; '.join(news)}", hint=f"set it to -1; {_CURE}")


def _moment(seconds: int) -> str:
    """Return a moment as a date, or in Unix seconds where the calendar has none for it."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _dead_limits(claims: Claims, now: int) -> list[str]:
    issues = validate(claims, now=now).issues
    return [str(issue) for issue in issues if issue.code == IssueCode.LIMIT_ALLOWS_NOTHING]


def _check_operator(tree: Tree, draft: Draft[OperatorClaims]) -> None:
    body, stored = draft.claims.nats, draft.stored
    if body.strict_signing_key_usage and not body.signing_keys:
        raise LockoutError(
            "a strict operator without signing keys can sign no account",
            hint="add a signing key to the operator first",
        )
    if stored is None or stored.nats.system_account == body.system_account:
        return
    accounts = (tree.draft(*draft.path, name) for name in tree.names(*draft.path))
    account = next((a for a in accounts if a.public_key == body.system_account), None)
    if account is None:
        raise LockoutError(
            f"the system account of operator {draft.path[-1]!r:.80} would be "
            f"{body.system_account or 'none'}, and servers do not start without one of its own",
            hint=f"name an account by its public key; {_CURE}",
        )
    _check_system_account(account)


def _check_system_account(draft: Draft[AccountClaims]) -> None:
    if draft.claims.nats.limits.has_jetstream():
        raise LockoutError(
            f"{draft.path[-1]!r:.80} is the system account: no server with JetStream starts when "
            "it has JetStream",
            hint=f"set its mem_storage and disk_storage to 0; {_CURE}",
        )


def _left_out(tree: Tree, tokens: _Tokens, now: int) -> dict[Path, str]:
    """Return who stays as it is, and why servers would take them no more, accounts first."""
    at_stake = dict.fromkeys(_at_stake(tree, tokens))
    reasons = {path: _turned_away(tree, path, tokens, now) for path in at_stake}
    return {path: reasons[path] for path in sorted(reasons, key=len) if reasons[path]}


def _at_stake(tree: Tree, tokens: _Tokens) -> Iterator[Path]:
    """Go through the entries below those that are to trust less than they do."""
    for path, token in tokens.items():
        stored = tree.drafts[path].stored
        if stored is None or not _narrows(stored, token.claims):
            continue
        below = [(*path, name) for name in tree.names(*path)]
        yield from below
        if len(path) < ACCOUNT and token.claims.nats.strict_signing_key_usage:
            for account in below:
                yield from ((*account, name) for name in tree.names(*account))


def _narrows(stored: Any, claims: Any) -> bool:
    """Tell whether an operator or account is to trust less than it does, but for revocations."""
    if isinstance(claims, OperatorClaims):
        strict = (entry.nats.strict_signing_key_usage for entry in (stored, claims))
        return [*strict] == [False, True] or not {*keys_of(stored)} <= {*keys_of(claims)}
    if isinstance(claims, AccountClaims):
        fewer = any(key not in claims.nats.signing_keys for key in stored.nats.signing_keys)
        bearers = (entry.nats.limits.disallow_bearer for entry in (stored, claims))
        return fewer or [*bearers] == [False, True]
    return False


def _turned_away(tree: Tree, path: Path, tokens: _Tokens, now: int) -> str:
    """Return why servers would turn an entry away that stays as it is, and that they took."""
    if path in tokens:
        return ""
    token = tree.read(*path)
    reason = _refusal(tree, token, path, tokens, now)
    return "" if reason and _refusal(tree, token, path, {}, now) else reason


def _refusal(tree: Tree, token: Token[Any], path: Path, tokens: _Tokens, now: int) -> str:
    """Return why servers turn an entry away, beside tokens that are to be stored."""
    above = [
        tokens.get(path[:end]) or tree.read(*path[:end]) for end in range(len(path) - 1, 0, -1)
    ]
    if not isinstance(token.claims, UserClaims):
        return check_account(token, *above, now=now).reason or ""
    findings = check_user(token, *above, now=now).findings
    codes = [f.code for f in findings if f.code.startswith("user")]  # the account is named itself
    if TrustCode.USER_REVOKED in codes:
        return ""  # which is meant
    if not codes and _is_powerless(token.claims, above[0].claims):
        return _POWERLESS
    return codes[0] if codes else ""


def _is_powerless(user: UserClaims, account: AccountClaims) -> bool:
    """Tell whether a user has nothing of its own, and no scope that gives it anything."""
    return user.nats.is_empty() and account.nats.scope(user.iss) is None
