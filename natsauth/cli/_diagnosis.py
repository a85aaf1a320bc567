"""Why a server refuses somebody: every check, with what can be told of it from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from natsauth.claims import Account, AccountClaims, Operator, OperatorClaims, UserScope
from natsauth.keys import KeyPair, KeyType, is_public_key
from natsauth.policy import CheckCode, Connection, admit
from natsauth.policy._reading import read_user
from natsauth.policy.admission import VIOLATION
from natsauth.token import encode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from natsauth.claims import UserClaims
    from natsauth.cli._credentials import Credentials
    from natsauth.cli._surroundings import Surroundings
    from natsauth.policy import Admission, Check, Closing, Evaluator
    from natsauth.token import Token

_BY_USER_ALONE = (
    CheckCode.CONNECTION_TYPE,
    CheckCode.SIGNATURE,
    CheckCode.SOURCE,
    CheckCode.TIMES,
)
"""What a server asks late, and what nevertheless only the user and the connection decide."""
_BY_CONNECTION = (
    CheckCode.PROXY_REQUIRED,
    CheckCode.SCOPE_PROXY_REQUIRED,
    CheckCode.CONNECTION_TYPE,
    CheckCode.SOURCE,
    CheckCode.TIMES,
)
"""What fails for one connection and passes for another of the same user."""
_GENERATE = "natsauth generate creds"
_COMMANDS = {
    CheckCode.ACCOUNT_LOOKUP: "natsauth push -a {account}",
    CheckCode.USER_ISSUER: "natsauth reissue user -a {account} {user}",
    CheckCode.BEARER: "natsauth edit account {account} --no-disallow-bearer; "
    "natsauth push -a {account}",
    CheckCode.CONNECTION_TYPE: "natsauth edit {node} --conn-type {type}",
    CheckCode.SIGNATURE: f"{_GENERATE} -a {{account}} -n {{user}}",
    CheckCode.REVOCATION: "natsauth reissue user -a {account} {user}",
    CheckCode.SOURCE: "natsauth edit {node} --source-network {address}",
    CheckCode.CONNECTION_LIMIT: "natsauth edit account {account} --conns -1; "
    "natsauth push -a {account}",
}
"""The cures that are a command, where the store has the account and the user."""
_EXPIRED, _EARLY = "claim is expired", "claim is not yet valid"
_ACCOUNT = 2
"""The number of names down to the account."""


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
        violation: What the client is told of a refusal.
        evaluator: What the user may do once connected, if all is known that this depends on.
    """

    user: UserClaims | None
    account: AccountClaims | None
    items: tuple[Item, ...]
    closing: Closing | None
    at_once: bool
    violation: str
    evaluator: Evaluator | None

    def of(self, *states: State) -> list[Item]:
        """Return the checks that are in a state."""
        return [item for item in self.items if item.state in states]

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
    admission = admit(
        credentials.token,
        account=around.account,
        operator=around.operators or _operator_of(around.account),
        connection=connection,
        pinned_accounts=() if CheckCode.PINNED_ACCOUNTS in told else circumstances.pinned,
    )
    checks, closing = admission.checks, admission.closing
    is_at_hand = around.account and user and around.account.claims.sub == user.account
    if user and not is_at_hand and is_public_key(user.account, KeyType.ACCOUNT):
        alone = _admit_alone(credentials.token, user, connection)
        checks, closing = tuple(_completed(checks, alone.checks, user)), alone.closing
    unknown = _unknown(credentials, around, circumstances, user)
    items = tuple(_items(checks, unknown, _Cure(credentials, around, connection, user)))
    failed = next((item for item in items if item.state is State.FAILED), None)
    is_first = failed and admission.failed and failed.code is admission.failed.code
    return Diagnosis(
        user=user,
        account=around.account.claims if around.account else None,
        items=items,
        closing=closing,
        at_once=bool(closing and closing.at.timestamp() <= connection.moment()),
        violation=admission.error if is_first else VIOLATION,
        evaluator=admission.evaluator,
    )


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
    if credentials.is_bare or (credentials.key is None and around.account is None):
        unknown.add((CheckCode.SIGNATURE, False))
    if around.account is None and not around.is_certain:
        unknown.add((CheckCode.ACCOUNT_LOOKUP, False))
    if not around.operators:
        unknown |= {(CheckCode.ACCOUNT_LOOKUP, True), (CheckCode.ACCOUNT_ISSUER, True)}
        if user and user.iss == user.account:
            unknown.add((CheckCode.USER_ISSUER, True))
    return {result for result in unknown if result[0] not in circumstances.told}


def _items(
    checks: Collection[Check], unknown: set[tuple[CheckCode, bool | None]], cure: _Cure
) -> Iterator[Item]:
    refused = False
    for check in checks:
        if check.holds is None:
            continue
        if (check.code, check.holds) in unknown:
            yield cure.unknown(check)
        elif check.holds:
            yield Item(check.code, State.PASSED, check.message, "", "", "")
        else:
            state = State.WOULD_FAIL if refused else State.FAILED
            refused = True
            yield Item(
                check.code, state, cure.message(check), check.log, check.hint, cure.command(check)
            )


@dataclass(frozen=True, slots=True)
class _Cure:
    """Words about checks that fail, or of which nothing is known."""

    credentials: Credentials
    around: Surroundings
    connection: Connection
    user: UserClaims | None

    def unknown(self, check: Check) -> Item:
        """Return what there is to say of a check that cannot be judged."""
        account = self.user.account if self.user else ""
        message, hint = check.message, check.hint
        match check.code, self.around.account:
            case CheckCode.ACCOUNT_LOOKUP, None:
                message = f"whether servers have the user's account {account}, and what is in it"
                hint = "--account FILE gives it, --data-dir DIR a store that has it"
            case CheckCode.ACCOUNT_LOOKUP | CheckCode.ACCOUNT_ISSUER, found if found:
                message = f"whether servers trust {found.claims.iss}, which signed the account"
                hint = "--operator FILE gives the operator that they trust"
            case CheckCode.USER_ISSUER, _:
                message = "whether the operator is strict, and wants signing keys to sign users"
                hint = "--operator FILE gives the operator"
            case CheckCode.SOURCE, _:
                message = message.removesuffix(", not from None") + ": from where does it?"
                hint = f"--address IP says from where; {hint}"
            case CheckCode.SIGNATURE, _:
                message = "whether the client has the seed of this token"
                hint = "give the creds file, in which the seed is, too"
            case CheckCode.AUTH_CALLOUT, _:
                hint = "--server asks a server; the log of the service says more"
        return Item(check.code, State.UNKNOWN, message, check.log, hint, "")

    def message(self, check: Check) -> str:
        """Return what is wrong, with what the creds tell about it."""
        key = self.credentials.key
        if check.code is not CheckCode.SIGNATURE:
            return check.message
        if key is None:
            return self.credentials.problem or check.message
        return f"{check.message}: the seed is that of {key.public_key}"

    def command(self, check: Check) -> str:
        """Return the cure as a command line, if the store has what it takes."""
        _, account, user = map(quote, (*self.around.names, "", "", "")[:3])
        if not self.around.names:
            return ""
        given = {"account": account, "user": user, "type": self.connection.type}
        node = f"user -a {account} {user}"
        scope = self._scope()
        if scope:
            node = f"signing-key -a {account} --sk {quote(scope.role or scope.key)}"
        text = _COMMANDS.get(check.code, "")
        if check.code is CheckCode.CLAIMS and _EXPIRED in check.log:
            text = "natsauth edit user -a {account} {user} --expiry 30d"
        elif check.code is CheckCode.CLAIMS and _EARLY in check.log:
            text = "natsauth edit user -a {account} {user} --start 0"
        elif check.code is CheckCode.ACCOUNT_LOOKUP and not check.log.endswith("missing"):
            text = ""  # it is not enough to push it
        is_of_user = "{user}" in text or "{node}" in text
        if is_of_user and len(self.around.names) == _ACCOUNT:
            return ""
        if is_of_user and not text.startswith(_GENERATE) and not (scope and "{node}" in text):
            text += f"; {_GENERATE} -a {{account}} -n {{user}}"  # for what the client has is old
        return text.format(**given, node=node, address=self.connection.address or "IP")

    def _scope(self) -> UserScope | None:
        keys = self.around.account.claims.nats.signing_keys if self.around.account else ()
        scopes = (key for key in keys if isinstance(key, UserScope))
        return next((key for key in scopes if self.user and key.key == self.user.iss), None)
