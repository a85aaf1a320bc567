"""Asking a real server what a user may do."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from nats.errors import BadSubjectError

from natsauth.claims import Account, AccountClaims, UserClaims, UserScope
from natsauth.creds import Creds
from natsauth.errors import ResolverConnectionError
from natsauth.keys import KeyPair, KeyType
from natsauth.policy import Reason, Verdict
from natsauth.testing._client import connect
from natsauth.testing._rows import NO_CONNECTION, Answers
from natsauth.testing._support import user_body
from natsauth.token import Token, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsauth.policy import Decision
    from natsauth.testing._client import SandboxClient
    from natsauth.testing._grants import Party
    from natsauth.testing.sandbox import Sandbox

_UNASKED = ""


_NOT_LET_IN = ": Authorization Violation"
_IN_ORDER = "By its tokens a server takes it: sandbox.commit() pushes what is committed."


def takes_over(party: Party) -> bool:
    """Tell whether the double of an account could take the place of a real one, of the same key."""
    return not party.creds and bool(_owner(party))


async def ask(sandbox: Sandbox, party: Party, decisions: Sequence[Decision]) -> Answers:
    """Have a user do everything that was decided about, and return what the server did.

    Args:
        sandbox: Whose server is asked. If the double :func:`takes_over`, it must be a throwaway.
        party: The user.
        decisions: What it is to do.
    """
    if party.creds:
        creds = party.creds
        owner = sandbox.operator.accounts.find_key(creds.token.claims.account)
        observer = owner.mint("observer")
    else:
        creds, observer = await _double(sandbox, party)
    try:
        async with (
            connect(sandbox.url, creds) as client,
            connect(sandbox.url, observer) as other,
        ):
            return Answers([await _do(client, other, decision) for decision in decisions])
    except ResolverConnectionError as error:
        # Of a server that is gone nobody can say that it refused the permissions.
        is_refused = str(error).endswith(_NOT_LET_IN)
        verdicts = [
            str(Verdict.DENY)
            if is_refused and decision.reason is Reason.CONNECTION_REFUSED
            else NO_CONNECTION
            for decision in decisions
        ]
        return Answers(verdicts, f"{error}. {_IN_ORDER}" if is_refused else f"{error}.")


async def _do(client: SandboxClient, observer: SandboxClient, decision: Decision) -> str:
    if decision.verdict is Verdict.INVALID_SUBJECT or decision.destinations:
        return _UNASKED
    client.errors.clear()
    try:
        if decision.operation == "publish":
            await client.publish(decision.subject)
            await client.flush()
            return str(Verdict.DENY if client.errors else Verdict.ALLOW)
        subscription = await client.subscribe(decision.subject, queue=decision.queue or "")
    except BadSubjectError:  # nats-py is stricter than servers are
        return _UNASKED
    await client.flush()
    if client.errors:
        return str(Verdict.DENY)
    answer = str(Verdict.ALLOW)
    if decision.verdict is Verdict.FILTERED and decision.rule is not None:
        seen = await observer.subscribe(_common(decision.rule.text.split()[0], decision.subject))
        await observer.publish(seen.subject)
        await observer.flush()
        await client.flush()
        if not seen.pending_msgs:  # mapped to elsewhere, say
            answer = _UNASKED
        elif not subscription.pending_msgs:
            answer = str(Verdict.FILTERED)
        await seen.unsubscribe()
    await subscription.unsubscribe()
    return answer


def _common(pattern: str, other: str) -> str:
    """Return a subject that two overlapping patterns take."""
    tokens: list[str] = []
    for pair in zip_longest(pattern.split("."), other.split(".")):
        literal = [token for token in pair if token not in ("*", ">", None)]
        tokens.append(literal[0] if literal else "x")
    return ".".join(tokens)


async def _double(sandbox: Sandbox, party: Party) -> tuple[Creds, Creds]:
    """Return creds of a user that may do the same as another one, and of one that may do all.

    They are users of a double of the account, which has the same public key, so that templates give
    the same. The double of the user is a bearer: the seed of its public key is not at hand.
    """
    account, claims = _account(party), _claims(party.user)
    body = claims.nats
    home = account.nats if account else Account()
    public = _owner(party) or _new(KeyType.ACCOUNT).public_key
    signer, scoped = _new(KeyType.ACCOUNT), _new(KeyType.ACCOUNT)
    keys: list[Any] = [signer.public_key]
    scope = home.scope(claims.iss) if body.is_empty() and claims.iss else None
    if scope is not None:
        template = replace(scope.template, **_ANYBODY)
        keys.append(UserScope(key=scoped.public_key, role=scope.role, template=template))
    sub = claims.sub or _new(KeyType.USER).public_key
    observer = _new(KeyType.USER)
    double = Account(
        signing_keys=keys,
        default_permissions=home.default_permissions,
        mappings=home.mappings,
    )
    if home.authorization.auth_users:  # for what it denies; nobody is called out
        double.enable_external_authorization(sub, observer.public_key)
    token = encode(
        AccountClaims(sub=public, name=account.name if account else "", nats=double),
        sandbox.operator.signer(),
    )
    async with sandbox.resolver() as resolver:
        # By force: an earlier double of the same second is as good as a later one.
        (await resolver.push(token, force=True)).raise_for_errors()
    if scope is None:
        body = replace(body, **_ANYBODY)
    user = UserClaims(sub=sub, name=claims.name, nats=replace(body, issuer_account=public))
    everything = UserClaims(sub=observer.public_key)
    everything.nats.issuer_account = public
    return (
        Creds.create(encode(user, scoped if scope else signer), None),
        Creds.create(encode(everything, signer), observer),
    )


_ANYBODY: dict[str, Any] = {
    "bearer_token": True, "proxy_required": False, "allowed_connection_types": None,
    "src": None, "times": None, "times_location": "", "subs": -1, "payload": -1,
}  # fmt: skip
"""What lets a double in, be it as it may with the other one: who gets in is not asked."""


def _account(party: Party) -> AccountClaims | None:
    return party.account.claims if isinstance(party.account, Token) else party.account


def _owner(party: Party) -> str:
    """Return the public key of the account of a user, or an empty string if it has none yet."""
    account = _account(party)
    return account.sub if account else _claims(party.user).account


def _claims(user: Any) -> UserClaims:
    """Return the claims of a user, or of a new one with some permissions."""
    if isinstance(user, Creds):
        user = user.token
    if isinstance(user, Token):
        user = user.claims
    if isinstance(user, UserClaims):
        return user
    body = user_body(user)
    return UserClaims(nats=body) if body else UserClaims()


def _new(role: KeyType) -> KeyPair:
    return KeyPair.generate(role)
