"""Verdicts without a server: what a user may publish, subscribe to and get delivered."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from natsauth._json import JsonError, dumps, loads
from natsauth._wire import read_document, write_document
from natsauth.claims.account import AccountClaims
from natsauth.claims.permissions import Permissions
from natsauth.claims.user import User, UserClaims
from natsauth.creds import Creds
from natsauth.errors import ClaimsError, Problem, UsageError
from natsauth.policy import _decide
from natsauth.policy._installed import install
from natsauth.policy._versions import LATEST, behaviour
from natsauth.policy.decision import Reason
from natsauth.policy.session import Session
from natsauth.token import Token, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from natsauth.policy._installed import Installed
    from natsauth.policy.decision import Decision

_OF_USERS = frozenset(item.name for item in fields(User))
"""What may stand beside permissions: the whole body of a user's claims may be given."""
_COMPARED = 40
"""The characters of a name that are compared with others."""


class Allowed(NamedTuple):
    """Which of some subjects may be used.

    Attributes:
        publish: Those that may be published.
        subscribe: Those that may be subscribed to, at least in part.
    """

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def evaluate(
    user: UserClaims | Token[UserClaims] | Creds | Permissions | Mapping[str, Any],
    account: AccountClaims | Token[AccountClaims] | None = None,
    *,
    server: str = LATEST,
    system: bool = False,
    strict: bool = False,
    leaf: bool = False,
) -> Evaluator:
    """Compile the permissions of a user as nats-server installs them.

    Where the key that signed the user has a scope, its template counts; where there are no
    permissions at all, the defaults of the account. Whether the user may connect at all is judged
    only as far as permissions decide it; :func:`~natsauth.policy.admit` judges the rest.

    Args:
        user: The user; or permissions alone, also as JSON with ``pub``, ``sub`` and ``resp``.
        account: Its account, for scopes, default permissions, mappings and an auth callout.
        server: The version of nats-server, from 2.10.0 on. Later ones than 2.15.1 count as that.
        system: Whether the account is the system account of the servers.
        strict: Whether the operator is strict, so that the account's identity key signs users only
            where it is one of the signing keys, too.
        leaf: Whether the user connects as a leaf node: then the evaluator is a
            :class:`LeafEvaluator`.

    Raises:
        UsageError: An argument has another type; permissions as JSON have a member that no server
            reads; the user is one of a scoped signing key, and its account is not given; or the
            version is none, or too old.
        ClaimsError: The claims do not fit their fields. A server refuses such users.
        TokenError: A token is of another kind.
    """
    version = behaviour(server)
    claims, permissions = _read_user(user)
    owner = None if account is None else _read(account, AccountClaims)
    if claims is not None and owner is None and claims.nats.is_empty():
        raise UsageError(
            f"user {claims.sub!r:.80} has no permissions and limits of its own, as one of a scoped "
            "signing key, and the account with the scope is missing",
            hint="give the account as the second argument",
        )
    installed = install(
        permissions, claims, owner, system=system, strict=strict, leaf=leaf, behaviour=version
    )
    if leaf:
        from natsauth.policy.leaf import LeafEvaluator

        return LeafEvaluator(installed)
    return Evaluator(installed)


class Evaluator:
    """The permissions of a connection, compiled. Made by :func:`evaluate`.

    It keeps no state: each question is asked as if the connection did nothing else. Subjects are
    taken as they are; of one that no client can send, the verdict is that it is none.
    """

    __slots__ = ("_installed",)

    def __init__(self, installed: Installed) -> None:
        self._installed = installed

    def __repr__(self) -> str:
        """Show the permissions."""
        return f"<Evaluator of {self.effective()!r:.200}>"

    def publish(self, subject: str, *, reply: str | None = None) -> Decision:
        """Judge a publish, after the mappings of the account.

        Where a mapping goes to several subjects, one after the other by chance, the publish is
        denied if it is to any of them; :attr:`Decision.destinations` has each.

        Args:
            subject: The subject; its ``*`` and ``>`` are ordinary characters.
            reply: Where answers are to go.

        Raises:
            UsageError: An argument is not text.
        """
        return _decide.publish(self._installed, subject, reply)

    def subscribe(self, subject: str, *, queue: str | None = None) -> Decision:
        """Judge a subscription: whether it is accepted, and whether all it asks for comes.

        Args:
            subject: The subject, perhaps with wildcards. It is not mapped; of what is imported it
                is the local one.
            queue: The queue group.

        Raises:
            UsageError: An argument is not text.
        """
        return _decide.subscribe(self._installed, subject, queue)[0]

    def deliver(self, subject: str, *, to: str | Decision) -> Decision:
        """Judge whether a message reaches a subscription, the only one of the connection.

        JetStream delivers messages of any subject to an inbox. So where the subscription does not
        take the subject the decision is true, too, with the reason ``jetstream_only``: an ordinary
        message never comes.

        Args:
            subject: The subject of the message as the client sees it.
            to: The subscription: its subject, or what :meth:`subscribe` said.

        Raises:
            UsageError: An argument is of another type, or a decision about something else.
        """
        given = _decide.subscription(self._installed, to)
        filters = given.reason is Reason.FILTERED
        if not filters:
            _, filters = _decide.subscribe(self._installed, given.subject, given.queue)
        return _decide.deliver(self._installed, subject, given, filters=filters)

    def session(self) -> Session:
        """Start a connection that remembers its subscriptions and the requests it got."""
        return Session(self._installed)

    def effective(self) -> Permissions:
        """Return the permissions as installed: templates filled in, defaults applied.

        Entries that the server ignores are missing, and what it adds is there. An ``allow`` of
        ``None`` allows everything, an empty one nothing.
        """
        return self._installed.permissions()

    def allowed(self, subjects: Iterable[str]) -> Allowed:
        """Return which of some subjects may be published, and which subscribed to.

        Raises:
            UsageError: The subjects are a text or no texts.
        """
        if isinstance(subjects, str) or not hasattr(subjects, "__iter__"):
            raise UsageError(
                f"expected several subjects, got {type(subjects).__name__}", hint="give a list"
            )
        asked = tuple(subjects)
        return Allowed(tuple(filter(self.publish, asked)), tuple(filter(self.subscribe, asked)))


def _read_user(
    user: UserClaims | Token[UserClaims] | Creds | Permissions | Mapping[str, Any],
) -> tuple[UserClaims | None, Permissions]:
    from collections.abc import Mapping

    if isinstance(user, Creds):
        user = user.token
    if isinstance(user, Token | UserClaims):
        claims = _read(user, UserClaims)
        return claims, claims.nats
    if isinstance(user, Permissions):
        write_document(user)  # for what it says of fields that hold something else
        return None, user
    if not isinstance(user, Mapping):
        raise UsageError(
            f"expected a user or permissions, got {type(user).__name__}",
            hint="decode() reads a token, Creds.parse() a creds file",
        )
    if "nats" in user:
        raise UsageError(
            "expected permissions, got what looks like all claims of a user",
            hint="give what is under 'nats', or parse_claims() of it",
        )
    try:
        document = loads(dumps(dict(user)))
    except JsonError as error:
        raise ClaimsError([Problem("$", f"not JSON: {error}")]) from None
    permissions = read_document(Permissions, document)
    _refuse_unknown(permissions)
    return None, permissions


def _refuse_unknown(permissions: Permissions) -> None:
    """Refuse members that no server reads: what they are to restrict would be open."""
    pub, sub, resp = permissions.pub, permissions.sub, permissions.resp
    for where, extra, known in (
        ("permissions", permissions.extra.keys() - _OF_USERS, ("pub", "sub", "resp")),
        ("pub", pub.extra, ("allow", "deny")),
        ("sub", sub.extra, ("allow", "deny")),
        ("resp", resp.extra if resp else (), ("max", "ttl")),
    ):
        if extra:
            raise _unknown(min(extra), where, known)


def _unknown(name: str, where: str, known: Sequence[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name[:_COMPARED].lower(), known, n=1, cutoff=0.5)
    return UsageError(
        f"unknown member {name!r:.80} of {where}, which servers ignore",
        hint=f"did you mean {near[0]!r}?" if near else f"expected {', '.join(known)}",
    )


def _read(given: Any, kind: Any) -> Any:
    """Return claims that are well-formed; those of a token are a draft that may have changed."""
    if isinstance(given, Token):
        return decode(given, kind).claims
    if not isinstance(given, kind):
        raise UsageError(
            f"expected a token or claims of {kind.__name__}, got {type(given).__name__}",
            hint="decode() reads a token",
        )
    write_document(given)
    return given
