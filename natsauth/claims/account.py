"""Account claims: an isolated space of subjects, its limits, and what it shares."""

from __future__ import annotations

from copy import copy
from operator import attrgetter
from typing import ClassVar, TypeVar

from natsauth._codec import list_reader, list_writer, null_or, or_null, or_zero
from natsauth._wire import (
    UINT8,
    WireObject,
    codec,
    integer,
    mapping,
    nested,
    objects,
    optional,
    strings,
    text,
    wire,
)
from natsauth.claims.base import VERSION, Claims
from natsauth.claims.exchange import Export, Import
from natsauth.claims.limits import OperatorLimits
from natsauth.claims.permissions import Permissions, add
from natsauth.claims.revocations import Revocable, revocation_list
from natsauth.claims.signing_keys import (
    SigningKey,
    UserScope,
    public_key_of,
    signing_key_list,
)
from natsauth.errors import ClaimsError, Problem, UsageError
from natsauth.keys import KeyType, is_public_key
from natsauth.subjects import is_contained_in


@wire
class WeightedMapping(WireObject):
    """One target of a subject mapping.

    Attributes:
        subject: Where the messages go.
        weight: Their share in percent; 0 is 100.
        cluster: The cluster it holds in; everywhere if empty.
    """

    subject: str = text(keep=True)
    weight: int = integer(within=UINT8)
    cluster: str = text()


@wire
class ExternalAuthorization(WireObject):
    """Auth callout: a service of this account decides who may connect.

    Attributes:
        auth_users: Public user keys of the service itself, which are not called out.
        allowed_accounts: Accounts it may place users in; ``["*"]`` for any.
        xkey: Public curve key that requests are sealed to.
    """

    auth_users: list[str] | None = strings()
    allowed_accounts: list[str] | None = strings()
    xkey: str = text()


@wire
class MsgTrace(WireObject):
    """Where messages with a trace context are traced to.

    Attributes:
        dest: Subject of the trace events.
        sampling: Percentage of messages; 0 is 100.
    """

    dest: str = text()
    sampling: int = integer()


_GIVE_PUBLIC = "a key pair has its public_key"
_T = TypeVar("_T")
_WEIGHTED = codec(WeightedMapping)


@wire
class Account(Revocable):
    """The body of account claims. A new one is unlimited, and without JetStream.

    Attributes:
        imports: What it takes from other accounts.
        exports: What it offers to other accounts.
        limits: What the operator limits.
        signing_keys: Public account keys, or scopes around them, that sign users.
        revocations: Users whose tokens are refused.
        default_permissions: Permissions of users that have none.
        mappings: Subjects that are mapped, each to weighted targets.
        authorization: Auth callout settings.
        trace: Message tracing, or ``None``.
        cluster_traffic: Whose traffic between servers it is: ``system``, ``owner`` or empty.
        description: Free text, up to 8192 bytes.
        info_url: Where to read more, up to 8192 bytes.
        tags: Free labels; scope templates read ``name:value`` ones.
        type: Always ``account``.
        version: Always 2 once encoded.
    """

    imports: list[Import | None] | None = objects(Import, nullable=True)
    exports: list[Export | None] | None = objects(Export, nullable=True)
    limits: OperatorLimits = nested(OperatorLimits)
    signing_keys: list[SigningKey] = signing_key_list()
    revocations: dict[str, int] | None = revocation_list()
    default_permissions: Permissions = nested(Permissions)
    mappings: dict[str, list[WeightedMapping] | None] | None = mapping(
        or_null(list_reader(or_zero(_WEIGHTED.read, {}))), null_or(list_writer(_WEIGHTED.write))
    )
    authorization: ExternalAuthorization = nested(ExternalAuthorization)
    trace: MsgTrace | None = optional(MsgTrace)
    cluster_traffic: str = text()
    description: str = text()
    info_url: str = text()
    tags: list[str] | None = strings()
    type: str = text("account")
    version: int = integer(VERSION)

    def add_signing_key(self, *keys: SigningKey) -> None:
        """Add plain or scoped signing keys; one with the same public key is replaced.

        Raises:
            UsageError: A key is neither its public key nor a scope.
        """
        for key in keys:
            if not isinstance(key, str | UserScope):
                found = type(key).__name__
                raise UsageError(f"expected public keys or scopes, got {found}", hint=_GIVE_PUBLIC)
        added = {public_key_of(key): key for key in (*self.signing_keys, *keys)}
        self.signing_keys = list(added.values())

    def remove_signing_key(self, *keys: str) -> None:
        """Remove signing keys by their public keys; those that are not there are ignored."""
        self.signing_keys = [k for k in self.signing_keys if public_key_of(k) not in keys]

    def has_signing_key(self, key: str) -> bool:
        """Tell whether a public key is a signing key, plain or scoped."""
        return any(public_key_of(present) == key for present in self.signing_keys)

    def scope(self, key_or_role: str) -> UserScope | None:
        """Return the scope with a public key or role, or ``None``.

        What is a public key is that alone, whatever somebody's role may be called.
        """
        scopes = [key for key in self.signing_keys if isinstance(key, UserScope)]
        found = next((s for s in scopes if s.key == key_or_role), None)
        if found or is_public_key(key_or_role, KeyType.ACCOUNT):
            return found
        return next((s for s in scopes if s.role == key_or_role), None)

    def find_export(self, subject: str, kind: str = "") -> Export | None:
        """Return the first export that covers a subject, or ``None``.

        Args:
            subject: What somebody wants to import.
            kind: ``stream`` or ``service``; either if empty.
        """
        exports = (export for export in self.exports or () if export is not None)
        fitting = (export for export in exports if kind in ("", export.type))
        return next((e for e in fitting if is_contained_in(subject, e.subject)), None)

    def find_import(self, subject: str, account: str = "") -> Import | None:
        """Return the first import of a subject, or ``None``.

        Args:
            subject: The subject as the import names it.
            account: Public key of the exporting account; any if empty.
        """
        imports = (item for item in self.imports or () if item is not None)
        return next(
            (i for i in imports if i.subject == subject and account in ("", i.account)), None
        )

    def add_mapping(self, subject: str, *targets: WeightedMapping) -> None:
        """Map a subject to weighted targets, in place of those it had."""
        self.mappings = {**(self.mappings or {}), subject: list(targets)}

    def map_to(self, subject: str, target: WeightedMapping) -> None:
        """Map a subject to one more target, in place of the same one with another weight."""
        present = (self.mappings or {}).get(subject) or ()
        targets = [target if _is_target(t, target.subject, target.cluster) else t for t in present]
        self.add_mapping(subject, *targets, *([] if target in targets else [target]))

    def remove_mapping(self, subject: str, target: str = "", cluster: str = "") -> bool:
        """Remove the targets of a subject, and the mapping once it has none.

        Args:
            subject: What is mapped.
            target: The one to remove; every one if empty.
            cluster: The cluster that it holds in. If empty, of a target the one that holds
                everywhere; without a target every one.

        Returns:
            Whether there was one.
        """
        present = (self.mappings or {}).get(subject)
        if self.mappings is None or present is None:
            return False
        if target:
            kept = [t for t in present if not _is_target(t, target, cluster)]
        else:
            kept = [t for t in present if cluster and t.cluster != cluster]
        if kept:
            self.add_mapping(subject, *kept)
        else:
            self.mappings = {s: t for s, t in self.mappings.items() if s != subject} or None
        return len(kept) < len(present) or not present

    def enable_external_authorization(self, *users: str) -> None:
        """Turn auth callout on, with the public keys of the users that serve it."""
        self.authorization.auth_users = add(self.authorization.auth_users, users)

    def in_wire_order(self) -> Account:
        """Return the body with imports and exports in the order of their subjects, as encoded.

        Raises:
            ClaimsError: There is a null among several, which has no place in the order.
        """
        if not (self.imports or self.exports):
            return self
        ordered = copy(self)
        ordered.imports = _by_subject(self.imports, "imports")
        ordered.exports = _by_subject(self.exports, "exports")
        return ordered


def _is_target(target: WeightedMapping, subject: str, cluster: str) -> bool:
    return target.subject == subject and target.cluster == cluster


def _by_subject(items: list[_T] | None, name: str) -> list[_T] | None:
    if not isinstance(items, list | tuple) or len(items) <= 1:
        return items
    if None in items:
        raise ClaimsError([Problem(f"$.nats.{name}", "null among several cannot be put in order")])
    if not all(isinstance(getattr(item, "subject", None), str) for item in items):
        return items  # the writer names what is wrong
    # Python compares code points, Go compares UTF-8 bytes: the same order.
    return sorted(items, key=attrgetter("subject"))


@wire
class AccountClaims(Claims):
    """An account of an operator. Signed by the operator, or by itself until it is."""

    kind: ClassVar[str] = "account"
    issuers: ClassVar[frozenset[KeyType]] = frozenset({KeyType.ACCOUNT, KeyType.OPERATOR})
    subject_role: ClassVar[KeyType | None] = KeyType.ACCOUNT

    nats: Account = nested(Account)
