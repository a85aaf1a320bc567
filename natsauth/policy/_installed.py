"""From claims to permissions as nats-server installs them, with where each entry stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from natsauth.claims.permissions import Permission, Permissions, ResponsePermission
from natsauth.policy._limits import Limits, limits_for
from natsauth.policy._mapping import Mappings
from natsauth.policy._rules import (
    RuleList,
    Written,
    allowed_to_publish,
    denied_to_publish,
    to_subscribe,
)
from natsauth.policy._templates import expand
from natsauth.policy.decision import Origin
from natsauth.subjects import permission_problems
from natsauth.trust.rules import scope_of, unknown_signer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsauth.claims.account import AccountClaims
    from natsauth.claims.signing_keys import UserScope
    from natsauth.claims.user import UserClaims
    from natsauth.policy._rules import Read
    from natsauth.policy._versions import Behaviour

SECOND = 1_000_000_000
"""A second in nanoseconds, the unit of ``ttl``."""
_ANSWERS, _LEAVE = 1, 120 * SECOND  # what resp gives where it says 0
_CALLOUT = "$SYS.REQ.USER.AUTH"
_JETSTREAM: Final = ("$JS.API.>", "$KV.>", "$OBJ.>")
"""What a hub keeps from leaf nodes, which may have a JetStream of their own."""
_CLUSTERING: Final = ("$JSC.>", "$NRG.>")
"""What it keeps from them in the system account, too."""
_LISTS: Final = (("pub", "allow"), ("pub", "deny"), ("sub", "allow"), ("sub", "deny"))


@dataclass(frozen=True, slots=True, eq=False)
class Installed:
    """The permissions of a connection.

    Attributes:
        pub_allow: What may be published; anything if ``None``.
        pub_deny: What may not, or ``None``.
        sub_allow: What may be subscribed to; anything if ``None``.
        sub_deny: What may not, or ``None``.
        resp: How often and how long requests may be answered, or ``None``; no zeros are left.
        refused: Why the server refuses the connection, or an empty string.
        mappings: What the account makes of published subjects, or ``None`` for nothing.
        system: Whether the user is one of the system account.
        limits: How much the connection may do.
        leaf: Whether it is a leaf node.
        behaviour: What the version of the server does.
    """

    pub_allow: RuleList | None
    pub_deny: RuleList | None
    sub_allow: RuleList | None
    sub_deny: RuleList | None
    resp: ResponsePermission | None
    refused: str
    mappings: Mappings | None
    system: bool
    limits: Limits
    leaf: bool
    behaviour: Behaviour

    def permissions(self) -> Permissions:
        """Return the permissions as claims, templates filled in and defaults applied."""
        return Permissions(
            pub=Permission(allow=_texts(self.pub_allow), deny=_texts(self.pub_deny)),
            sub=Permission(allow=_texts(self.sub_allow), deny=_texts(self.sub_deny)),
            resp=self.resp and ResponsePermission(max=self.resp.max, ttl=self.resp.ttl),
        )


@dataclass(frozen=True, slots=True)
class _Given:
    """Permissions as some claims give them: at a path there, the four lists and ``resp``."""

    path: str
    origin: Origin
    lists: dict[tuple[str, str], Written | None]
    resp: ResponsePermission | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that the account's defaults hold; an empty list is not."""
        return self.resp is None and not any(w and w.entries for w in self.lists.values())


def install(
    permissions: Permissions,
    user: UserClaims | None,
    account: AccountClaims | None,
    *,
    system: bool,
    strict: bool = False,
    leaf: bool = False,
    behaviour: Behaviour,
) -> Installed:
    """Return the permissions that a server gives to a connection.

    Args:
        permissions: Those of the user.
        user: Whose they are, if they are a user's.
        account: Its account, if known.
        system: Whether it is the system account.
        strict: Whether its operator is strict.
        leaf: Whether the connection is a leaf node's.
        behaviour: What the version of the server does.
    """
    given, refused = _as_given(permissions, user, account, strict=strict)
    if account is not None:
        defaults = _given(
            account.nats.default_permissions, "$.nats.default_permissions", Origin.ACCOUNT
        )
        refused = refused or _first_problem(defaults)
        if given.is_empty:
            given = defaults
    lists = given.lists
    pub_allow, pub_deny, sub_allow, sub_deny = (lists[name] for name in _LISTS)
    # An empty list means nothing by itself, and in pub.allow beside a deny or resp "nothing".
    if pub_allow and not pub_allow.entries and not (pub_deny and pub_deny.entries):
        pub_allow = None
    if given.resp is not None and pub_allow is None:
        pub_allow = Written((), f"{given.path}.resp", given.origin)
    if sub_allow and not sub_allow.entries:
        sub_allow = None
    deny = denied_to_publish if behaviour.filters_queues and not leaf else allowed_to_publish
    if leaf:
        kept = (*_CLUSTERING, *_JETSTREAM) if system else _JETSTREAM
        sub_deny = _adding(sub_deny, kept, "$.nats.sub.deny", path="")
    return Installed(
        pub_allow=_compiled(pub_allow, allowed_to_publish),
        pub_deny=_compiled(pub_deny if leaf else _with_callout(pub_deny, account), deny),
        sub_allow=_compiled(sub_allow, to_subscribe),
        sub_deny=_compiled(sub_deny, to_subscribe),
        resp=_response(given.resp),
        refused=refused,
        mappings=None if leaf else _mappings(account, behaviour),
        system=system,
        limits=_limits(user, account, strict=strict),
        leaf=leaf,
        behaviour=behaviour,
    )


def _limits(user: UserClaims | None, account: AccountClaims | None, *, strict: bool) -> Limits:
    if user is None:
        return Limits()
    return limits_for(user, account, scope_of(user, account, strict=strict) if account else None)


def _as_given(
    permissions: Permissions,
    user: UserClaims | None,
    account: AccountClaims | None,
    *,
    strict: bool,
) -> tuple[_Given, str]:
    """Return the permissions of a user or its scope, and why the server refuses them."""
    own = _given(permissions, "$.nats", Origin.USER)
    if user is None or account is None:
        return own, _first_problem(own)
    if stranger := _stranger(user, account, strict=strict):
        return own, stranger
    scope = scope_of(user, account, strict=strict)
    if scope is None:
        return own, _first_problem(own)
    index = account.nats.signing_keys.index(scope)
    scoped, problem = _expanded(scope, f"$.nats.signing_keys[{index}].template", user, account)
    if not user.nats.is_empty():
        problem = (
            "the key that signed the user has a scope, which gives the permissions and limits, "
            "and the user has some of its own"
        )
    return scoped, problem


def _stranger(user: UserClaims, account: AccountClaims, *, strict: bool) -> str:
    """Return in what user and account do not belong together, as far as their claims say."""
    if not user.iss or not account.sub:
        return ""  # drafts
    if user.account != account.sub:
        return f"the user belongs to account {user.account!r:.80}, not to {account.sub!r:.80}"
    if unknown_signer(user, account, strict=strict):
        return f"the key that signed the user, {user.iss!r:.80}, is none of the account's"
    return ""


def _expanded(
    scope: UserScope, path: str, user: UserClaims, account: AccountClaims
) -> tuple[_Given, str]:
    expanded = expand(scope.template, user, account)
    lists: dict[tuple[str, str], Written | None] = {}
    for side, kind in _LISTS:
        entries = expanded.entries[f"{side}.{kind}"]
        written = getattr(getattr(scope.template, side), kind)
        if entries is None:
            lists[side, kind] = None
            continue
        at = f"{path}.{side}.{kind}"
        places = [
            ("", f"{path}.{side}.allow", Origin.SERVER)
            if source is None
            else (written[source], f"{at}[{source}]", Origin.SCOPE)
            for _, source in entries
        ]
        lists[side, kind] = Written([text for text, _ in entries], at, Origin.SCOPE, places)
    problem = f"{path}.{expanded.path}: {expanded.problem}" if expanded.problem else ""
    return _Given(path, Origin.SCOPE, lists, scope.template.resp), problem


def _given(permissions: Permissions, path: str, origin: Origin) -> _Given:
    lists = {}
    for side, kind in _LISTS:
        entries = getattr(getattr(permissions, side), kind)
        written = None if entries is None else Written(entries, f"{path}.{side}.{kind}", origin)
        lists[side, kind] = written
    return _Given(path, origin, lists, permissions.resp)


def _first_problem(given: _Given) -> str:
    """Return the first entry for which the server refuses the claims, and why."""
    for (side, _), written in given.lists.items():
        for index, entry in enumerate(written.entries if written else ()):
            # The common entry is fine, and looked at quickly.
            if ".." not in entry and " " not in entry and entry.strip(".") == entry != "":
                continue
            for finding in permission_problems(entry, queue_allowed=side == "sub")[:1]:
                return f"{written.path}[{index}]: {finding.message}" if written else ""
    return ""


def _with_callout(denied: Written | None, account: AccountClaims | None) -> Written | None:
    """Deny the users of an account with an auth callout the subject of its requests."""
    if account is None or not account.nats.authorization.auth_users:
        return denied
    path = "$.nats.authorization.auth_users"
    return _adding(denied, [_CALLOUT], "$.nats.pub.deny", path=path)


def _adding(written: Written | None, more: Sequence[str], name: str, *, path: str) -> Written:
    """Return a list with entries that the server adds because of what stands at a path."""
    lists = written or Written((), name, Origin.USER)
    rules = [lists.rule(index, entry) for index, entry in enumerate(lists.entries)]
    places = [(rule.source, rule.path, rule.origin) for rule in rules]
    added = [("", path, Origin.SERVER)] * len(more)
    return lists._replace(entries=[*lists.entries, *more], places=[*places, *added])


def _mappings(account: AccountClaims | None, behaviour: Behaviour) -> Mappings | None:
    if account is None or not account.nats.mappings:
        return None
    return Mappings(account.nats.mappings, cuts_tokens=behaviour.cuts_tokens)


def _compiled(written: Written | None, read: Read) -> RuleList | None:
    return None if written is None else RuleList(written, read)


def _response(given: ResponsePermission | None) -> ResponsePermission | None:
    return given and ResponsePermission(max=given.max or _ANSWERS, ttl=given.ttl or _LEAVE)


def _texts(rules: RuleList | None) -> list[str] | None:
    return None if rules is None else [rule.text for rule in rules.rules]
