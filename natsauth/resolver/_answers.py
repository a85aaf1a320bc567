"""The answers of servers, as bytes that may be anything, read into results.

They are ``{"server": {...}, "data": ...}``, or ``{"server": {...}, "error": {...}}``, and for
lookups the bare token, as of nats-server 2.15.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from natsauth._json import JsonError, loads
from natsauth.claims.account import AccountClaims
from natsauth.claims.operator import OperatorClaims
from natsauth.claims.parse import parse_claims
from natsauth.errors import ClaimsError, ResolverError, TokenError
from natsauth.keys import KeyType, is_public_key
from natsauth.resolver.inventory import ServerAccounts
from natsauth.resolver.results import PushEffect, ServerReply
from natsauth.token import Token, decode
from natsauth.trust import trusted_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_ACCOUNT = KeyType.ACCOUNT
_OK = 200
_NAMELESS = "a server without a known name"
_MAX_SERVERS = 1_000
"""More than any cluster has: a server may claim any number."""
_MAX_TEXT = 200
_EFFECTS = {
    "jwt updated": PushEffect.STORED,
    "jwt updated cache": PushEffect.CACHED,
    "jwt update cache skipped": PushEffect.ON_DEMAND,
    "jwt update skipped": PushEffect.NOT_LOADED,
}


@dataclass(frozen=True, slots=True)
class Roster:
    """The servers that are to answer.

    Attributes:
        names: Their names by their ids, as far as they are known.
        count: How many they are.
    """

    names: dict[str, str]
    count: int

    def missing(self, answered: Collection[str]) -> tuple[str, ...]:
        """Return a name for each server that is to answer but is not among those that have.

        Args:
            answered: Ids of those that have. A server that restarted has a new one, so that as
                many answers as servers are enough, whoever gave them.
        """
        absent = sorted(name for id_, name in self.names.items() if id_ not in answered)
        short = max(self.count - len(answered), 0)
        return (*absent, *[_NAMELESS] * short)[:short]


def parse_reply(answer: bytes) -> ServerReply:
    """Read the answer to a change. What is none becomes a reply that is not ok."""
    try:
        document = loads(answer)
    except JsonError as problem:
        return ServerReply("", "", ok=False, code=0, message=f"unreadable answer: {problem}")
    name, id_ = _server(document)
    data, error = _object(document, "data"), _object(document, "error")
    code = (error or data).get("code")
    message = error.get("description") if error else data.get("message")
    if (data and error) or code.__class__ is not int or not isinstance(message, str):
        return ServerReply(name, id_, ok=False, code=0, message="unreadable answer")
    effect = _EFFECTS.get(message) if not error else None
    ok = not error and code == _OK and effect is not PushEffect.NOT_LOADED
    code = code if 0 <= code < 1_000 else 0  # noqa: PLR2004 - three digits
    return ServerReply(name, id_, ok=ok, code=code, message=_plain(message), effect=effect)


def parse_accounts(answer: bytes) -> ServerAccounts:
    """Read the answer to a list request.

    Raises:
        ResolverError: It is none, or an error.
    """
    document = _loads(answer)
    name, id_ = _server(document)
    accounts = document.get("data") if isinstance(document, dict) else None
    if not isinstance(accounts, list) or not all(is_public_key(a, _ACCOUNT) for a in accounts):
        reply = parse_reply(answer)
        raise ResolverError(f"{name or 'a server'} gave no list of accounts: {reply.message}")
    return ServerAccounts(name, id_, tuple(accounts))


def parse_roster(answers: Iterable[bytes]) -> Roster:
    """Read the answers to a ping: who answered, and how many servers know of each other.

    Raises:
        ResolverError: One is no answer.
    """
    documents = [_loads(answer) for answer in answers]
    names = {id_: name for name, id_ in map(_server, documents)}
    active = [_object(document, "statsz").get("active_servers") for document in documents]
    claimed = max([len(names), *(n for n in active if n.__class__ is int)])
    return Roster(names, min(claimed, _MAX_SERVERS))


def parse_trusted(answers: Iterable[bytes]) -> dict[str, frozenset[str]]:
    """Read whom servers trust: the keys that may sign accounts, by the name of the server.

    What tells nothing, or cannot be read, is left out.
    """
    trusted: dict[str, frozenset[str]] = {}
    for answer in answers:
        try:
            document = loads(answer)
        except JsonError:
            continue
        operators = _object(document, "data").get("trusted_operators_claim")
        if isinstance(operators, list) and operators:
            name, id_ = _server(document)
            keys = [_trusted_keys(operator) for operator in operators]
            if all(keys):
                trusted[name or id_] = frozenset().union(*keys)
    return trusted


def _trusted_keys(operator: Any) -> frozenset[str]:
    """Return the keys of an operator that may sign accounts; none where it cannot be read."""
    try:
        claims = parse_claims(operator if isinstance(operator, dict) else {}, OperatorClaims.kind)
    except ClaimsError:
        return frozenset()
    if not (isinstance(claims, OperatorClaims) and is_public_key(claims.sub, KeyType.OPERATOR)):
        return frozenset()
    return trusted_keys(claims)


def parse_account(text: bytes, account: str) -> Token[AccountClaims]:
    """Read what a server gave as the token of an account.

    Raises:
        ResolverError: It is something else.
    """
    try:
        token = decode(text, AccountClaims)
    except (TokenError, ClaimsError) as error:
        raise ResolverError(f"a server gave as {account} what is no account: {error}") from error
    if token.claims.sub != account:
        raise ResolverError(f"a server gave as {account} the account {token.claims.sub!r:.80}")
    return token


def parse_packed(message: bytes) -> tuple[str, bytes]:
    """Read a message of a pack, ``<account>|<token>``: the account, and what may be its token.

    Raises:
        ResolverError: It is none.
    """
    name, bar, text = message.partition(b"|")
    account = name.decode("ascii", "replace")
    if not (bar and text and is_public_key(account, _ACCOUNT)):
        raise ResolverError("a server gave what is not an account's public key and a token")
    return account, text


def _loads(answer: bytes) -> Any:
    try:
        return loads(answer)
    except JsonError as error:
        raise ResolverError(f"unreadable answer of a server: {error}") from None


def _server(document: Any) -> tuple[str, str]:
    """Return name and id of the server that gave an answer, as far as it says."""
    server = _object(document, "server")
    name, id_ = server.get("name"), server.get("id")
    return _plain(name), _plain(id_)


def _plain(text: object) -> str:
    """Return what a server says as it may stand in a log: short, and without control characters."""
    said = text[:_MAX_TEXT] if isinstance(text, str) else ""
    if said.isprintable():
        return said
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in said)


def _object(document: Any, name: str) -> dict[str, Any]:
    """Return a member that is an object; an empty one if it is not."""
    member = document.get(name) if isinstance(document, dict) else None
    return member if isinstance(member, dict) else {}
