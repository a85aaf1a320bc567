"""Why a server refuses somebody: every check, with what can be told of it from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims import Account, AccountClaims, Operator, OperatorClaims, UserScope
from natsauth.claims.base import NO_LIMIT
from natsauth.claims.permissions import MQTT, MQTT_WS
from natsauth.cli._credentials import DAMAGED
from natsauth.cli._cures import Cure
from natsauth.cli._remedies import Remedy
from natsauth.keys import KeyPair, KeyType, is_public_key
from natsauth.policy import CheckCode, Connection, admit
from natsauth.policy._reading import read_user
from natsauth.policy.admission import VIOLATION
from natsauth.token import encode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from natsauth.claims import UserClaims
    from natsauth.cli._credentials import Credentials
    from natsauth.cli._surroundings import Surroundings, Words
    from natsauth.policy import Admission, Check, Closing, Evaluator
    from natsauth.token import Token

_BY_USER_ALONE = (
    CheckCode.CONNECTION_TYPE,
    CheckCode.SIGNATURE,
    CheckCode.SOURCE,
    CheckCode.TIMES,
)
"""What a server asks late, and what nevertheless only the user and the connection decide."""
_OF_CLIENT = (
    CheckCode.PROXY_SIGNATURE,
    CheckCode.TOKEN,
    CheckCode.PROXY_REQUIRED,
    CheckCode.CLAIMS,
    CheckCode.ACCOUNT_FIELD,
)
"""What the client alone decides."""
_BY_CONNECTION = (
    CheckCode.PROXY_REQUIRED,
    CheckCode.SCOPE_PROXY_REQUIRED,
    CheckCode.CONNECTION_TYPE,
    CheckCode.SOURCE,
    CheckCode.TIMES,
)
"""What fails for one connection and passes for another of the same user."""
_OF_ITS_CLAIMS = {CheckCode.SOURCE: "$.nats.src", CheckCode.TIMES: "$.nats.times"}
"""What nothing can be said of where the claims are not valid at that place."""


NO_SUBSCRIPTIONS = "maximum subscriptions exceeded"
"""What a server says where not one subscription is allowed."""


class State(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    """For this the server refuses the connection."""
    WOULD_FAIL = "would_fail"
    """The server does not come to it, but would refuse the connection for it, too."""
    UNKNOWN = "unknown"
    """It cannot be told from here."""


class Verdict(StrEnum):
    """What a server does with a connection."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    CLOSED = "closed"
    """Taken, and closed at once."""
    UNDECIDED = "undecided"
    """What is known refuses nothing, but not all is known."""


class Item(NamedTuple):
    """One check, and what was found. Texts are empty where there is nothing to say."""

    code: CheckCode
    state: State
    message: str
    log: str
    hint: str
    command: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How somebody connects, as far as it is known.

    Attributes:
        connection: How.
        pinned: The accounts that the server serves; every one if ``None``.
        told: The checks that fail by what a server has told.
    """

    connection: Connection
    pinned: tuple[str, ...] | None = None
    told: frozenset[CheckCode] = frozenset()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found.

    Attributes:
        user: The user, if its token can be read.
        account: Its account, if known.
        items: Each check that there is something to say of, in the order of the server.
        closing: When the server closes the connection by itself, if that is known.
        at_once: Whether that is at once.
        because: Why it is, or an empty string.
        violation: What the client is told of a refusal.
        evaluator: What the user may do once connected, if all is known that this depends on.
    """

    user: UserClaims | None
    account: AccountClaims | None
    items: tuple[Item, ...]
    closing: Closing | None
    at_once: bool
    because: str
    violation: str
    evaluator: Evaluator | None

    def of(self, *states: State) -> list[Item]:
        """Return the checks that are in a state."""
        return [item for item in self.items if item.state in states]

    def fails(self, code: CheckCode) -> bool:
        """Tell whether a check is known to fail."""
        return any(item.code is code for item in self.of(State.FAILED, State.WOULD_FAIL))

    @property
    def failed(self) -> Item | None:
        """The check for which the server refuses the connection."""
        return next(iter(self.of(State.FAILED)), None)

    @property
    def refusal(self) -> Item | None:
        """The first check that fails however, from where and whenever the user connects."""
        failing = self.of(State.FAILED, State.WOULD_FAIL)
        return next((item for item in failing if item.code not in _BY_CONNECTION), None)

    @property
    def verdict(self) -> Verdict:
        """What the server does."""
        if self.failed:
            return Verdict.REFUSED
        if self.at_once:
            return Verdict.CLOSED
        return Verdict.UNDECIDED if self.of(State.UNKNOWN) else Verdict.ADMITTED

    @property
    def error(self) -> str:
        """What the client is told, or an empty string."""
        if self.failed:
            return self.violation
        return self.closing.error if self.closing and self.at_once else ""

    @property
    def log(self) -> str:
        """What the server logs of the refusal, or an empty string."""
        if self.failed:
            return self.failed.log
        return self.closing.log if self.closing and self.at_once else ""


def diagnose(
    credentials: Credentials, around: Surroundings, circumstances: Circumstances
) -> Diagnosis:
    """Judge every check that can be judged.

    For an operator or account that is missing something stands in that takes everybody, so that
    the rest can be judged; what that says of itself is unknown.
    """
    user = read_user(credentials.token).claims
    told, connection = circumstances.told, circumstances.connection
    if around.account and CheckCode.CONNECTION_LIMIT in told:
        limit = around.account.claims.nats.limits.conn
        connection = replace(connection, connections=max(limit, 0))
    key = credentials.key
    signed = user is None or key.public_key == user.sub if key else None
    connection = replace(connection, signed=signed)
    pinned = () if CheckCode.PINNED_ACCOUNTS in told else circumstances.pinned
    admission = admit(
        credentials.token,
        account=around.account,
        operator=around.operators or _operator_of(around.account),
        connection=connection,
        pinned_accounts=pinned,
    )
    checks, closing = admission.checks, admission.closing
    is_at_hand = around.account and user and around.account.claims.sub == user.account
    if user and not is_at_hand and is_public_key(user.account, KeyType.ACCOUNT):
        alone = _admit_alone(credentials.token, user, connection)
        checks = tuple(_completed(checks, alone.checks, user))
        closing = alone.closing
        if user.nats.is_empty() and closing and closing.error == NO_SUBSCRIPTIONS:
            closing = None  # a role may give it subscriptions
    unknown = _unknown(credentials, around, circumstances, user)
    at_hand = [*_at_hand(credentials, around, connection, pinned)]
    cure = Cure(credentials, around, connection, user)
    remedy = Remedy(around, connection, user, credentials.file, at_hand)
    items = tuple(_items(checks, unknown, told, cure, remedy))
    failed = next((item for item in items if item.state is State.FAILED), None)
    is_first = failed and admission.failed and failed.code is admission.failed.code
    at_once = bool(closing and closing.at.timestamp() <= connection.moment())
    return Diagnosis(
        user=user,
        account=around.account.claims if around.account else None,
        items=items,
        closing=closing,
        at_once=at_once,
        because=_because(closing, user, around) if closing and user and at_once else "",
        violation=admission.error if is_first else VIOLATION,
        evaluator=admission.evaluator,
    )


def _at_hand(
    credentials: Credentials,
    around: Surroundings,
    connection: Connection,
    pinned: Collection[str] | None,
) -> Iterator[tuple[list[Words], frozenset[CheckCode]]]:
    """Go through what the store has in place of what was judged, with the checks that it passes."""
    if not around.names:
        return
    users: list[tuple[str, Connection, list[Words]]]
    users = [(credentials.token, connection, [])]
    if around.stored:
        signed = replace(connection, signed=True)
        users.append((around.stored.encoded, signed, [around.creds(credentials.file)]))
    accounts: list[tuple[Token[AccountClaims] | None, list[Words]]]
    accounts = [(around.account, [])]
    if around.local != around.account and not around.is_behind:
        accounts.append((around.local, [around.push]))
    for account, push in accounts:
        for token, how, creds in users:
            if push or creds:
                admission = admit(
                    token,
                    account=account,
                    operator=around.operators,
                    connection=how,
                    pinned_accounts=pinned,
                )
                passing = frozenset(check.code for check in admission.checks if check.holds)
                yield [*push, *creds], passing


def _because(closing: Closing, user: UserClaims, around: Surroundings) -> str:
    """Say why a server closes a connection that it has just taken."""
    account = around.account.claims if around.account else None
    if closing.error != NO_SUBSCRIPTIONS:
        is_account = account and closing.error.startswith("Account")
        whose, exp = ("account", account.exp) if account and is_account else ("user", user.exp)
        return f"exp of the {whose} is {exp}: its time is over"
    places = {"nats.subs of the user": user.nats.subs}
    for key in account.nats.signing_keys if account else ():
        if isinstance(key, UserScope) and key.key == user.iss:
            places = {f"subs of its role {key.role!r:.80}": key.template.subs}
    if account:
        places["limits.subs of the account"] = account.nats.limits.subs
    zero = [
        f"{place} is {limit}" for place, limit in places.items() if limit != NO_LIMIT and limit <= 0
    ]
    return " and ".join(zero) + ": not one subscription is allowed"


def _operator_of(account: Token[AccountClaims] | None) -> Token[OperatorClaims]:
    """Return an operator who stands behind an account, if some operator has signed it."""
    key, body = KeyPair.generate(KeyType.OPERATOR), Operator()
    if account and is_public_key(account.claims.iss, KeyType.OPERATOR):
        body.add_signing_key(account.claims.iss)
    return encode(OperatorClaims(sub=key.public_key, nats=body), key)


def _admit_alone(token: str, user: UserClaims, connection: Connection) -> Admission:
    """Judge a user as if its account took everybody that the signer signs."""
    key = KeyPair.generate(KeyType.OPERATOR)
    signer = UserScope(key=user.iss) if user.nats.is_empty() else user.iss
    account = AccountClaims(sub=user.account, nats=Account(signing_keys=[signer]))
    operator = OperatorClaims(sub=key.public_key)
    return admit(
        token,
        account=encode(account, key),
        operator=encode(operator, key),
        connection=connection,
    )


def _completed(
    checks: tuple[Check, ...], alone: tuple[Check, ...], user: UserClaims
) -> Iterator[Check]:
    """Go through the checks, with what the user decides by itself, unless a scope does."""
    own = (CheckCode.SIGNATURE,) if user.nats.is_empty() else _BY_USER_ALONE
    for check, other in zip(checks, alone, strict=True):
        yield other if check.holds is None and check.code in own else check


def _unknown(
    credentials: Credentials,
    around: Surroundings,
    circumstances: Circumstances,
    user: UserClaims | None,
) -> set[tuple[CheckCode, bool | None]]:
    """Return the results of checks that rest on what is not known."""
    unknown: set[tuple[CheckCode, bool | None]] = {(CheckCode.AUTH_CALLOUT, False)}
    if circumstances.connection.address is None:
        unknown.add((CheckCode.SOURCE, False))
    is_damaged = credentials.problem.startswith(DAMAGED)
    may_be_bearer = credentials.key is None and (user is None or user.nats.is_empty())
    if credentials.is_bare or (around.account is None and may_be_bearer and not is_damaged):
        unknown.add((CheckCode.SIGNATURE, False))
    if around.account is None and not around.is_certain:
        is_mqtt = circumstances.connection.type in (MQTT, MQTT_WS)
        known = _OF_CLIENT if is_mqtt else (*_OF_CLIENT, CheckCode.JETSTREAM)
        unknown |= {(code, None) for code in CheckCode if code not in known}
        unknown.add((CheckCode.ACCOUNT_LOOKUP, False))
        if circumstances.pinned is None:
            unknown.add((CheckCode.PINNED_ACCOUNTS, True))
    if not around.operators:
        unknown |= {(CheckCode.ACCOUNT_LOOKUP, True), (CheckCode.ACCOUNT_ISSUER, True)}
        if user and user.iss == user.account:
            unknown.add((CheckCode.USER_ISSUER, True))
    return unknown


def _items(
    checks: Collection[Check],
    unknown: set[tuple[CheckCode, bool | None]],
    told: Collection[CheckCode],
    cure: Cure,
    remedy: Remedy,
) -> Iterator[Item]:
    refused, broken = False, ""
    for check in checks:
        code, holds = check.code, check.holds
        if code is CheckCode.CLAIMS and not holds:
            broken = check.message
        elif (path := _OF_ITS_CLAIMS.get(code)) and path in broken:
            continue
        if code in told:
            holds = False
        elif (code, holds) in unknown:
            message, hint = cure.unknown(check)
            yield Item(code, State.UNKNOWN, message, check.log, hint, "")
            continue
        if holds is None:
            continue
        if holds:
            yield Item(code, State.PASSED, check.message, "", "", "")
            continue
        state = State.WOULD_FAIL if refused else State.FAILED
        refused = True
        command, opens = remedy.command(check)
        hint = "; the command ".join(filter(None, (cure.hint(check), opens)))
        yield Item(code, state, cure.message(check), check.log, hint, command)
