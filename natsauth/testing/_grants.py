"""Tables of what users may do, held against verdicts and servers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from natsauth.claims import AccountClaims, Permissions, UserClaims
from natsauth.creds import Creds
from natsauth.errors import UsageError
from natsauth.policy import Decision, Verdict, evaluate
from natsauth.policy.decision import Operation
from natsauth.testing._support import require_nats, run
from natsauth.testing.sandbox import Sandbox
from natsauth.token import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.policy import Evaluator

User = Creds | Token[UserClaims] | UserClaims | Permissions | Mapping[str, Any]
Grants = Mapping[Any, Mapping[str, Mapping[str, bool | str]]]
"""For each user and each of ``publish`` and ``subscribe``: subjects, and what is expected.

A user is a name, a token or creds; type checkers would take any two of these for an error."""

_OPERATIONS = [name for name in get_args(Operation) if name != "deliver"]
_EXPECTED = {Verdict.ALLOW, Verdict.DENY, Verdict.FILTERED}


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


class Row(NamedTuple):
    """One promise of the table.

    Attributes:
        label: Whose it is.
        decision: The verdict without a server.
        expected: What the table says.
        answer: What the server did; nothing if it was not asked, or has no clear answer.
    """

    label: str
    decision: Decision
    expected: bool | str
    answer: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether everybody says the same."""
        verdict = self.decision.verdict
        if self.answer and self.answer != verdict:
            return False
        is_bool = isinstance(self.expected, bool)
        return bool(self.decision) is self.expected if is_bool else verdict == self.expected


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
    ``"deny"`` or ``"filtered"``. What stands after a blank is a queue group.

    Every promise is held against :func:`natsauth.policy.evaluate`. With ``live`` a real nats-server
    is asked, too: it fails where the two disagree. A user that the sandbox does not have is asked
    about by a double, with the same permissions in an account with the same rules. One that gets no
    connection is a disagreement, too, unless its permissions alone are the reason. Not asked are
    subjects that no client can send, and those that a mapping draws by chance.

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
        UsageError: The table has another shape, a name is nobody's, or an argument has the wrong
            type.
        NotFoundError: The sandbox has no user of that name.

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
        rows: list[Row] = []
        for key, table in grants.items():
            party = _party(key, users or {}, account, sandbox)
            found = [*_rows(party, table, _evaluator(party, place, live=live))]
            if live and place is not None:
                from natsauth.testing._live import ask

                answers = run(ask(place, party, [row.decision for row in found]))
                pairs = zip(found, answers, strict=True)
                found = [row._replace(answer=answer) for row, answer in pairs]
            rows += found
    if wrong := [row for row in rows if not row.holds]:
        raise AssertionError(_told(wrong, len(rows), live=live))


def _party(
    key: object,
    users: Mapping[str, User],
    account: AccountClaims | Token[AccountClaims] | None,
    sandbox: Sandbox | None,
) -> Party:
    user: Any = key
    if isinstance(key, str):
        if key in users:
            user = users[key]
        elif sandbox is None:
            raise UsageError(
                f"who is {key!r:.80}? There is no sandbox to look it up in",
                hint="give users={name: creds}, or sandbox=",
            )
        else:
            user = sandbox.creds(key)
    token = user.token if isinstance(user, Creds) else user
    name = key if isinstance(key, str) else ""
    if isinstance(token, Token) and isinstance(token.claims, UserClaims):
        name = name or token.claims.name or token.claims.sub
        home = sandbox.account_of(token) if sandbox else None
        if home is not None:
            return Party(name, user, home, user if isinstance(user, Creds) else None)
    return Party(name, user, account)


def _evaluator(party: Party, sandbox: Sandbox | None, *, live: bool) -> Evaluator:
    options: dict[str, Any] = {"server": sandbox.version} if live and sandbox else {}
    if sandbox and party.creds and party.account is not None:
        owner = party.account.claims if isinstance(party.account, Token) else party.account
        options["system"] = owner.sub == sandbox.system_account.public_key
        options["strict"] = sandbox.operator.claims.nats.strict_signing_key_usage
    return evaluate(party.user, party.account, **options)


def _rows(party: Party, table: object, evaluator: Evaluator) -> Iterator[Row]:
    if not isinstance(table, Mapping):
        raise UsageError(f"the grants of {party.label!r:.80} are a mapping", hint=_SHAPE)
    for operation, subjects in table.items():
        if operation not in _OPERATIONS or not isinstance(subjects, Mapping):
            raise UsageError(f"{party.label!r:.80} has {operation!r:.80}", hint=_SHAPE)
        for entry, expected in subjects.items():
            if not isinstance(entry, str):
                raise UsageError(f"a subject is text, got {type(entry).__name__}")
            if not isinstance(expected, bool) and expected not in _EXPECTED:
                words = ", ".join(map(str, sorted(_EXPECTED)))
                raise UsageError(f"expected True, False, {words}; got {expected!r:.80}")
            if operation == "publish":
                yield Row(party.label, evaluator.publish(entry), expected)
            else:
                subject, _, queue = entry.partition(" ")
                decision = evaluator.subscribe(subject, queue=queue or None)
                yield Row(party.label, decision, expected)


_SHAPE = 'as in {"alice": {"publish": {"orders.new": True}, "subscribe": {"orders.>": False}}}'


def _told(wrong: list[Row], count: int, *, live: bool) -> str:
    """Return the wrong rows as a table, each with the reason."""
    heads = ["user", "operation", "subject", "expected", "verdict", *(["server"] if live else [])]
    table = [heads]
    for row in wrong:
        decision = row.decision
        subject = " ".join(filter(None, (decision.subject, decision.queue)))
        cells = [row.label, decision.operation, subject, str(row.expected), decision.verdict]
        table.append([*cells, *([row.answer or "-"] if live else [])])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in table
    ]
    told = [f"{len(wrong)} of {count} grants are not as expected", "", lines[0]]
    for row, line in zip(wrong, lines[1:], strict=True):
        told += [line, f"    {row.decision.explain()}"]
    return "\n".join(told)
