"""In what a running server differs from the store, and from what was expected of it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._diagnosis import Verdict
from natsauth.cli._surroundings import Note
from natsauth.policy import CheckCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.claims import AccountClaims
    from natsauth.cli._diagnosis import Diagnosis
    from natsauth.cli._server_side import ServerSide
    from natsauth.cli._surroundings import Surroundings
    from natsauth.token import Token

_UNSEEN = (
    "what creds and account do not show: resolver_pinned_accounts and proxies of the server, an "
    "operator in its configuration that is not this one, and an account that it got meanwhile"
)


def compare_accounts(
    side: ServerSide,
    around: Surroundings,
    there: Token[AccountClaims] | None,
    before: Diagnosis,
) -> None:
    """Note in what the account that servers have differs from the one that is known here."""
    here = around.account
    if here is None or here == there:
        return
    name = f"account {here.claims.name!r:.80}"
    if there is None:
        is_bad = before.fails(CheckCode.ACCOUNT_LOOKUP)
        hint = around.run(around.push) if around.names else ""
        hint = "mend it as is told above, then push it" if is_bad and hint else hint
        side.differences.append(Note(f"servers do not have {name}", hint))
        return
    mine, its = here.claims, there.claims
    age = "an older" if its.iat < mine.iat else "a newer" if its.iat > mine.iat else "another"
    what = "; ".join(_differences(mine, its)) or "the same is in it"
    source = f"the file {around.file!r}" if around.file else "the store"
    hint = ""
    if around.names:
        hint = around.run(around.pull if age == "a newer" else around.push)
    side.differences.append(Note(f"servers have {age} token of {name} than {source}: {what}", hint))


def _differences(here: AccountClaims, there: AccountClaims) -> Iterator[str]:
    """Say in what two tokens of an account differ."""
    keys = [{*map(public_key_of, claims.nats.signing_keys)} for claims in (here, there)]
    revoked = [{*(claims.nats.revocations or {}).items()} for claims in (here, there)]
    for what, (mine, its) in (
        ("signing key", [{*map(str, found)} for found in keys]),
        ("revocation", [{f"{key} at {at}" for key, at in found} for found in revoked]),
    ):
        yield from (f"they lack the {what} {one}" for one in sorted(mine - its))
        yield from (f"they have the {what} {one}" for one in sorted(its - mine))
    if here.exp != there.exp:
        yield "exp differs"
    for member in fields(here.nats):
        if member.name == "revocations" or (member.name == "signing_keys" and keys[0] != keys[1]):
            continue
        if getattr(here.nats, member.name) != getattr(there.nats, member.name):
            yield f"nats.{member.name} differs"


def compare_verdicts(side: ServerSide, around: Surroundings, diagnosis: Diagnosis) -> None:
    """Note what the server does otherwise than is to be expected."""
    expected = diagnosis.verdict
    if side.verdict is Verdict.ADMITTED and expected in (Verdict.REFUSED, Verdict.CLOSED):
        side.differences.append(
            Note(
                "the server took the connection, although by what is known here it should not",
                _UNSEEN,
            )
        )
    elif side.error and expected is Verdict.ADMITTED and side.is_stranger and around.names:
        operator, account, *_ = around.names
        words = (
            f"account {account!r:.80} is of operator {operator!r:.80}, of whom the server refused "
            "a system user, too: it seems to trust another operator"
        )
        hint = f"connect to a server of {operator!r:.80}, or with creds of that other operator"
        side.differences.append(Note(words, hint))
    elif side.error and expected is Verdict.ADMITTED:
        side.differences.append(
            Note(f"the server said {side.error!r:.80}, although nothing here explains it", _UNSEEN)
        )
    if side.info is not None and diagnosis.user:
        side.differences += map(Note, _surprises(side.info, diagnosis))


def _surprises(info: dict[str, Any], diagnosis: Diagnosis) -> Iterator[str]:
    """Say in what the server takes the user for something else."""
    if diagnosis.user and info.get("account") != diagnosis.user.account:
        yield f"the server has placed the user in account {info.get('account')}"
    if diagnosis.evaluator is None:
        return
    effective = diagnosis.evaluator.effective()
    for name, side in (("publish", effective.pub), ("subscribe", effective.sub)):
        for kind, mine in (("allow", side.allow), ("deny", side.deny)):
            its = _listed(info, "permissions", name, kind)
            if its != sorted(mine or []):
                yield f"the server has other permissions: {name} {kind} is {its}, expected {mine}"


def _listed(found: Any, *path: str) -> list[str]:
    """Return the texts that stand somewhere in what a server says, in order."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return sorted(map(str, found)) if isinstance(found, list) else []
