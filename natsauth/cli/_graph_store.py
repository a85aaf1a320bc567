"""The picture of a store: read from it, and judged as a server would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.claims import AccountClaims, ActivationClaims, UserClaims, UserScope
from natsauth.claims.exchange import SERVICE
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._graph import (
    AccountBox,
    ExportRow,
    Graph,
    ImportRow,
    KeyBox,
    Standing,
    State,
    UserBox,
    day,
    natural,
)
from natsauth.errors import NatsAuthError, StoreDataError
from natsauth.token import decode
from natsauth.trust import TrustCode, account_findings
from natsauth.trust.rules import user_findings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from natsauth.authority import AccountNode, OperatorNode
    from natsauth.claims import Claims, Export, Import
    from natsauth.trust import TrustFinding

_SOON = 30 * 86_400
_BY_TIME = {TrustCode.ACCOUNT_EXPIRED, TrustCode.USER_EXPIRED}


def build(operator: OperatorNode, names: Collection[str], now: int) -> Graph:
    """Read a picture from the store.

    Args:
        operator: The operator.
        names: The accounts to draw, with those that they share with; all if there are none.
        now: The moment, in Unix seconds.
    """
    claims = operator.token.claims
    reader = _Reader(operator, now)
    accounts = reader.accounts(names)
    standing = _standing(claims, (), now)
    keys = tuple(claims.nats.signing_keys or ())
    strict = claims.nats.strict_signing_key_usage
    return Graph(operator.name, claims.sub, standing, keys, strict, accounts)


class _Reader:
    """Reads the accounts of an operator."""

    def __init__(self, operator: OperatorNode, now: int) -> None:
        self._operator = operator
        self._root = operator.token.claims
        self._now = now
        self._nodes: dict[str, AccountNode] = {}
        self._claims: dict[str, AccountClaims] = {}
        self._broken: dict[str, str] = {}
        for name in operator.accounts:
            try:
                self._nodes[name] = operator.accounts[name]
            except StoreDataError as error:
                self._broken[name] = str(error.args[0])
            else:
                self._claims[name] = self._nodes[name].token.claims
        self._by_key = {claims.sub: name for name, claims in reversed(self._claims.items())}

    def accounts(self, wanted: Collection[str]) -> tuple[AccountBox, ...]:
        """Return the accounts that are wanted, or all, then those that they share with."""
        everything = sorted([*self._nodes, *self._broken], key=natural)
        whole = dict.fromkeys(wanted or everything)
        partners = {
            name
            for importer, claims in self._claims.items()
            for exporter in (self._by_key.get(row.account, "") for row in _imports(claims))
            for one, name in ((importer, exporter), (exporter, importer))
            if one in whole and name and name not in whole
        }
        aside = sorted(partners, key=natural)
        strangers = {
            row.account: None
            for name in whole
            if name in self._claims
            for row in _imports(self._claims[name])
            if row.account not in self._by_key
        }
        # An arrow leads from a place in this list, so what is drawn is settled first.
        places = {
            self._claims[name].sub: index
            for index, name in enumerate([*whole, *aside])
            if name in self._claims and self._by_key[self._claims[name].sub] == name
        }
        places |= {key: len(whole) + len(aside) + at for at, key in enumerate(sorted(strangers))}
        return (
            *(self._account(name, places) for name in whole),
            *(self._aside(name, places, whole) for name in aside),
            *(
                AccountBox(key, key, Standing(State.NEVER), "elsewhere")
                for key in sorted(strangers)
            ),
        )

    def _account(self, name: str, places: dict[str, int]) -> AccountBox:
        claims = self._claims.get(name)
        if claims is None:
            return AccountBox(name, "", Standing(State.UNREADABLE, 0, self._broken[name]))
        findings = account_findings(claims, self._root, self._now)
        return AccountBox(
            name,
            claims.sub,
            _standing(claims, findings, self._now),
            "system" if claims.sub == self._root.nats.system_account else "account",
            claims.iss,
            tuple(self._keys(name, claims)),
            tuple(_export(export) for export in claims.nats.exports or () if export),
            tuple(self._import(claims, row, places) for row in _imports(claims)),
        )

    def _aside(self, name: str, places: dict[str, int], whole: Collection[str]) -> AccountBox:
        """Return an account that is drawn for what it shares with others alone."""
        claims = self._claims[name]
        rows = [row for row in _imports(claims) if self._by_key.get(row.account) in whole]
        standing = _standing(claims, account_findings(claims, self._root, self._now), self._now)
        exports = tuple(_export(export) for export in claims.nats.exports or () if export)
        imports = tuple(self._import(claims, row, places) for row in rows)
        return AccountBox(
            name, claims.sub, standing, "aside", claims.iss, exports=exports, imports=imports
        )

    def _keys(self, name: str, account: AccountClaims) -> Iterator[KeyBox]:
        strict = self._root.nats.strict_signing_key_usage
        users: dict[str, list[UserBox]] = {}
        stored = self._nodes[name].users
        for user in sorted(stored, key=natural):
            try:
                claims: UserClaims = stored.token(user).claims
            except StoreDataError as error:
                broken = Standing(State.UNREADABLE, 0, str(error.args[0]))
                users.setdefault("", []).append(UserBox(user, "", broken))
                continue
            findings = user_findings(claims, account, strict=strict)
            box = UserBox(user, claims.sub, _standing(claims, findings, self._now))
            users.setdefault(claims.iss, []).append(box)
        if account.sub in users:
            yield KeyBox(account.sub, "identity key", users=tuple(users.pop(account.sub)))
        for key in account.nats.signing_keys:
            public_key = public_key_of(key)
            kind, role = ("role", key.role) if isinstance(key, UserScope) else ("signing key", "")
            yield KeyBox(public_key, kind, role, tuple(users.pop(public_key, ())))
        for public_key, rest in sorted(users.items()):
            yield KeyBox(public_key, "strange key", users=tuple(rest))

    def _import(self, importer: AccountClaims, row: Import, places: dict[str, int]) -> ImportRow:
        subject, local = _subjects(row)
        name = self._by_key.get(row.account)
        offered = [e for e in self._claims[name].nats.exports or () if e] if name else []
        export = self._claims[name].nats.find_export(subject, row.type) if name else None
        return ImportRow(
            subject,
            "" if local == subject else local,
            row.type,
            export.token_req if export else bool(row.token),
            places[row.account],
            next((index for index, one in enumerate(offered) if one is export), None),
            self._lasts(importer, row, export, known=bool(name)),
        )

    def _lasts(
        self, importer: AccountClaims, row: Import, export: Export | None, *, known: bool
    ) -> Standing:
        """Return until when an import holds; the account it is from is ``known`` or elsewhere."""
        if known and export is None:
            return Standing(State.REFUSED, 0, "the account exports nothing like it")
        if row.token or not (export and export.token_req):
            return self._activated(importer, row, export)
        why = "the export is private, and there is no activation"
        return Standing(State.REFUSED, 0, why)

    def _activated(self, importer: AccountClaims, row: Import, export: Export | None) -> Standing:
        if (export and not export.token_req) or not row.token or "://" in row.token:
            return Standing(State.NEVER)  # servers of old fetched activations from a URL
        try:
            leave = decode(row.token, ActivationClaims).claims
        except NatsAuthError as error:
            return Standing(State.REFUSED, 0, f"the activation is none: {error.args[0]}")
        if export and export.is_revoked(importer.sub, leave.iat):
            return Standing(State.REVOKED, leave.exp, "the exporter has revoked the activation")
        standing = _standing(leave, (), self._now)
        if leave.sub != importer.sub:
            return standing._replace(state=State.REFUSED, why="the activation is for another")
        return standing


def _imports(claims: AccountClaims) -> list[Import]:
    return [row for row in claims.nats.imports or () if row]


def _subjects(row: Import) -> tuple[str, str]:
    """Return the exporter's and the importer's subject; ``to`` means the reverse for services."""
    if row.local_subject or not row.to:
        return row.subject, row.local_subject or row.subject
    return (row.to, row.subject) if row.type == SERVICE else (row.subject, row.to)


def _export(export: Export) -> ExportRow:
    return ExportRow(export.subject, export.type, export.token_req)


def _standing(claims: Claims, findings: Iterable[TrustFinding], now: int) -> Standing:
    """Return how claims stand: what is wrong with them, or else how long they are good."""
    wrong = [finding for finding in findings if finding.code not in _BY_TIME]
    if wrong:
        is_revoked = all(finding.code == TrustCode.USER_REVOKED for finding in wrong)
        state = State.REVOKED if is_revoked else State.REFUSED
        return Standing(state, claims.exp, "; ".join(finding.message for finding in wrong))
    if claims.nbf > now:
        return Standing(State.REFUSED, claims.exp, f"is not valid before {day(claims.nbf)}")
    if not claims.exp:
        return Standing(State.NEVER)
    if claims.exp <= now:
        return Standing(State.EXPIRED, claims.exp)
    return Standing(State.SOON if claims.exp - now < _SOON else State.FINE, claims.exp)
