"""Tables of what users may do, held against verdicts and servers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth.claims import AccountClaims, Permissions, UserClaims
from natsauth.creds import Creds
from natsauth.errors import ClaimsError, NotFoundError, UsageError
from natsauth.policy import Reason, admit, evaluate
from natsauth.testing._rows import NO_CONNECTION, Answers, Row, told
from natsauth.testing._support import meant, require_nats, run
from natsauth.testing._table import promises
from natsauth.testing.sandbox import Sandbox
from natsauth.token import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from natsauth.policy import Evaluator
    from natsauth.testing._table import Promise

User = Creds | Token[UserClaims] | UserClaims | Permissions | Mapping[str, Any]
Grants = Mapping[Any, Mapping[str, Mapping[str, bool | str]]]
"""For each user and each of ``publish`` and ``subscribe``: subjects, and what is expected.

A user is a name, a token or creds; type checkers would take any two of these for an error."""


class Party(NamedTuple):
    """A user of the table.

    Attributes:
        label: What it is called.
        user: Who that is.
        account: Its account, if that is known.
        creds: With what it connects to the servers of the sandbox, if these know it.
    """

    label: str
    user: User
    account: AccountClaims | Token[AccountClaims] | None
    creds: Creds | None = None


def assert_grants(
    grants: Grants,
    *,
    users: Mapping[str, User] | None = None,
    account: AccountClaims | Token[AccountClaims] | None = None,
    sandbox: Sandbox | None = None,
    live: bool = False,
) -> None:
    """Fail unless users may do what a table says, and nothing that it forbids.

    ::

        assert_grants(
            {
                "alice": {
                    "publish": {"orders.new": True, "orders.secret": False},
                    "subscribe": {"orders.>": "filtered", "jobs workers": True},
                }
            },
            users={"alice": creds},
        )

    Expected is whether the server carries it out, at least in part; or its verdict: ``"allow"``,
    ``"deny"`` or ``"filtered"``. What stands after a blank is a queue group. Wildcards are meant
    literally: that one may not subscribe to ``orders.>`` says nothing of ``orders.new``. A publish
    has none: a promise about such a one is refused, as is any about what no client can send.

    Every promise is held against :func:`natsauth.policy.evaluate`. With ``live`` a real nats-server
    is asked, too: it fails where the two disagree. A user that the sandbox does not have is asked
    about by a double, with the same permissions in an account with the same rules; a double of an
    account that has a public key is on a server of its own. Not asked are subjects that nats-py
    does not send, and those that a mapping draws by chance.

    A user of the sandbox that gets no connection keeps no promise, be it forbidden or not: one that
    is revoked or has expired, say. It is judged as a client that connects just now from the same
    machine. To ask about its permissions alone, give its token in place of its creds.

    Args:
        grants: The table. A user is a name, or a token, or creds.
        users: Who the names are: creds, tokens, claims, or permissions alone. Other names are those
            of users of the sandbox's :attr:`~Sandbox.account`.
        account: The account of all users that are not those of the sandbox: for scopes, default
            permissions and mappings.
        sandbox: Where users are looked up by name. With ``live`` it runs; one is started for the
            moment if none is given.
        live: Whether a server is asked, too. Clients of it see what is published.

    Raises:
        AssertionError: Promises do not hold; all of them are named, with the rule that decided.
        UsageError: The table has another shape, a promise is about what no client can ask for, a
            name is nobody's, an edit is not committed, or an argument has the wrong type.
        NotFoundError: The sandbox has no user of that name, or it is not committed.

    It also raises what :func:`~natsauth.policy.evaluate` does, and, with ``live``, what
    :meth:`Sandbox.start` does.
    """
    __tracebackhide__ = True
    if not isinstance(grants, Mapping):
        raise UsageError(f"expected a table of grants, got {type(grants).__name__}")
    if not isinstance(users, Mapping | None):
        raise UsageError(f"users are a mapping, got {type(users).__name__}")
    if not isinstance(sandbox, Sandbox | None):
        raise UsageError(f"expected a Sandbox, got {type(sandbox).__name__}")
    if live:
        require_nats()
    with ExitStack() as stack:
        place = sandbox
        if live and place is None:
            place = stack.enter_context(Sandbox())
        known = users or {}
        asked = [(_party(key, known, account, sandbox), table) for key, table in grants.items()]
        tables = [(party, promises(party.label, table)) for party, table in asked]

        @cache
        def apart() -> Sandbox:
            binary = sandbox._binary if sandbox else None  # noqa: SLF001 - the same as there
            return stack.enter_context(Sandbox(binary=binary))

        rows = [row for one in tables for row in _rows(*one, place, apart, live=live)]
    if wrong := [row for row in rows if not row.holds]:
        raise AssertionError(told(wrong, len(rows), live=live))


def _party(
    key: object,
    users: Mapping[str, User],
    account: AccountClaims | Token[AccountClaims] | None,
    sandbox: Sandbox | None,
) -> Party:
    user: Any = key
    if isinstance(key, str):
        user = users[key] if key in users else _looked_up(key, users, sandbox)
    token = user.token if isinstance(user, Creds) else user
    name = key if isinstance(key, str) else ""
    if isinstance(token, Token) and isinstance(token.claims, UserClaims):
        name = name or token.claims.name or token.claims.sub
        home = sandbox.account_of(token) if sandbox else None
        if sandbox and home is not None:
            sandbox.check_committed(token)
            return Party(name, user, home, user if isinstance(user, Creds) else None)
    return Party(name or type(user).__name__, user, account)


def _looked_up(name: str, users: Mapping[str, User], sandbox: Sandbox | None) -> Creds:
    near = meant(name, users)
    if sandbox is None:
        raise UsageError(
            f"who is {name!r:.80}? There is no sandbox to look it up in",
            hint=near or "give users={name: creds}, or sandbox=",
        )
    try:
        return sandbox.creds(name)
    except NotFoundError as error:
        error.hint = near or error.hint
        raise


def _rows(
    party: Party,
    table: Sequence[Promise],
    sandbox: Sandbox | None,
    apart: Callable[[], Sandbox],
    *,
    live: bool,
) -> list[Row]:
    """Judge what is promised of a user, and have a server judge it, too, if asked to.

    Args:
        party: The user.
        table: What is promised.
        sandbox: Whose server is asked.
        apart: Starts another one, for accounts with the public key of one that may be there.
        live: Whether a server is asked.
    """
    options = {"server": sandbox.version} if live and sandbox else {}
    evaluator = _evaluator(party, sandbox, options)
    decisions = [
        evaluator.publish(promise.subject)
        if promise.operation == "publish"
        else evaluator.subscribe(promise.subject, queue=promise.queue)
        for promise in table
    ]
    refusal = _refusal(party, sandbox, options)
    answers = Answers([""] * len(decisions))
    if live and sandbox:
        from natsauth.testing._live import ask, takes_over

        answers = run(ask(apart() if takes_over(party) else sandbox, party, decisions))
    rows = []
    for promise, decision, answer in zip(table, decisions, answers.verdicts, strict=True):
        # Permissions that no server takes keep what they forbid.
        reason = "" if decision.reason is Reason.CONNECTION_REFUSED else refusal
        verdict = NO_CONNECTION if reason else decision.verdict
        if answer == NO_CONNECTION:
            reason = reason or answers.refusal
        rows.append(Row(party.label, decision, promise.expected, verdict, answer, reason))
    return rows


def _evaluator(party: Party, sandbox: Sandbox | None, given: Mapping[str, Any]) -> Evaluator:
    options = dict(given)
    if sandbox and party.creds and party.account is not None:
        owner = party.account.claims if isinstance(party.account, Token) else party.account
        options["system"] = owner.sub == sandbox.system_account.public_key
        options["strict"] = sandbox.operator.claims.nats.strict_signing_key_usage
    try:
        return evaluate(party.user, party.account, **options)
    except ClaimsError as error:
        problems = (
            item._replace(path=f"{party.label!r:.80} {item.path}") for item in error.problems
        )
        raise ClaimsError(problems, hint=error.hint) from None
    except UsageError as error:
        raise UsageError(f"{party.label!r:.80}: {error.args[0]}", hint=error.hint) from None


def _refusal(party: Party, sandbox: Sandbox | None, options: Mapping[str, Any]) -> str:
    """Return why the servers of the sandbox take no connection of one of its users, if so."""
    if not sandbox or not party.creds or not isinstance(party.account, Token):
        return ""
    admission = admit(
        party.creds,
        account=party.account,
        operator=sandbox.operator.token,
        callout=True,  # what a callout service would say, the server alone can tell
        **options,
    )
    if admission.failed is None:
        return ""
    messages = "; ".join(check.message for check in admission.failing)
    cure = f" Cure: {admission.failed.hint}." if admission.failed.hint else ""
    return f"{party.label!r:.80} gets no connection: {messages}.{cure}"
