"""The command lines that cure what ``natsauth why`` finds, and what they open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from natsauth.claims import UserScope
from natsauth.claims.permissions import LEAFNODE, LEAFNODE_WS, MQTT, MQTT_WS
from natsauth.cli._cures import EARLY, EXPIRED, lacks_account
from natsauth.policy import CheckCode
from natsauth.trust.rules import trusted_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsauth.claims import OperatorClaims, UserClaims
    from natsauth.cli._surroundings import Surroundings, Words
    from natsauth.policy import Check, Connection

_USER = 3
"""The number of names down to the user."""
_OPENS = {
    CheckCode.BEARER: "allows bearers in all of the account",
    CheckCode.CONNECTION_TYPE: "allows it to {whom}",
    CheckCode.SIGNATURE: "makes bearers of {whom}: the token is enough then, without its seed",
    CheckCode.SOURCE: "allows this address to {whom}",
    CheckCode.TIMES: "lifts the times for {whom}",
    CheckCode.CONNECTION_LIMIT: "lifts the limit for all users of the account",
    CheckCode.JETSTREAM: "gives the account JetStream without limits",
}
"""What the command opens that is a cure."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Commands for checks that fail.

    Attributes:
        around: What is known: the commands are for the store, where it has what they take.
        connection: How the user connects.
        user: The user, if its token can be read.
        file: The creds file, or an empty string.
        at_hand: Commands that put in place what the store has, with the checks that pass by that.
    """

    around: Surroundings
    connection: Connection
    user: UserClaims | None
    file: str
    at_hand: Sequence[tuple[list[Words], frozenset[CheckCode]]] = ()

    def command(self, check: Check) -> tuple[str, str]:
        """Return the cure as a command line, if the store has what it takes, and what it opens."""
        around = self.around
        if not around.names:
            return "", ""
        for commands, passing in self.at_hand:
            if check.code in passing:
                return around.run(*commands), ""
        commands = self._commands(check)
        if len(commands) > 1 and around.is_behind:
            commands = [around.pull, *commands]
        line = around.run(*commands)
        opens = _OPENS.get(check.code, "") if len(commands) > 1 else ""  # one gives what there is
        scope = self._scope
        whom = f"all users of role {scope.role or scope.key!r:.80}" if scope else "the user"
        return line, opens.format(whom=whom) if line else ""

    def _commands(self, check: Check) -> list[Words]:
        """Return the commands that cure."""
        kind, edit = self.connection.type, ("edit", "account", self.around.names[1])
        on_account = {
            CheckCode.BEARER: ("--no-disallow-bearer",),
            CheckCode.CONNECTION_LIMIT: (
                "--leaf-conns" if kind in (LEAFNODE, LEAFNODE_WS) else "--conns",
                "-1",
            ),
            CheckCode.JETSTREAM: ("--js-enable", "0"),
        }
        on_limits = {CheckCode.CONNECTION_TYPE: ("--conn-type", kind)}
        if address := self.connection.address:
            on_limits[CheckCode.SOURCE] = ("--source-network", address)
        if times := self._times():
            on_limits[CheckCode.TIMES] = ("--rm-time", times)
        if check.code in (CheckCode.ACCOUNT_LOOKUP, CheckCode.ACCOUNT_EXPIRED):
            return self._account_commands(check)
        if options := on_account.get(check.code):
            return [(*edit, *options), self.around.push]
        if options := on_limits.get(check.code):
            return self._edit_limits(*options)
        if check.code is CheckCode.SIGNATURE and kind in (MQTT, MQTT_WS):
            return self._edit_limits("--bearer")
        return self._user_commands(check) if len(self.around.names) == _USER else []

    def _times(self) -> str:
        """Return the starts of the parts of the day in which the user may be connected."""
        scope = self._scope
        limits = scope.template if scope else self.user.nats if self.user else None
        return ",".join(part.start for part in (limits.times or ())) if limits else ""

    def _account_commands(self, check: Check) -> list[Words]:
        around, account, user = self.around, self.around.account, self.user
        push, moment = around.push, self.connection.moment()
        if self._lacks_account:
            return self._reissue() if len(around.names) == _USER else []
        if account is None or user is None or account.claims.sub != user.account:
            return (
                [push] if around.local and user and around.local.claims.sub == user.account else []
            )
        edit, claims = ("edit", "account", around.names[1]), account.claims
        if check.code is CheckCode.ACCOUNT_EXPIRED or 0 < claims.exp <= moment:
            return [(*edit, "--expiry", "30d"), push]
        if claims.nbf > moment:
            return [(*edit, "--start", "0"), push]
        roots = [root.claims for root in around.operators]
        # By another key than these it was signed by somebody else: whether to trust it is asked.
        is_own = claims.iss in (claims.sub, *(root.sub for root in roots))
        can_sign = all(root.nats.signing_keys or not is_strict(root) for root in roots)
        is_trusted = any(claims.iss in trusted_keys(root) for root in roots)
        if is_own and can_sign and not is_trusted:
            return [("reissue", "account", around.names[1]), push]
        return []

    def _user_commands(self, check: Check) -> list[Words]:
        around = self.around
        _, account, user = around.names
        edit, creds = ("edit", "user", "-a", account, user), around.creds(self.file)
        match check.code:
            case CheckCode.CLAIMS if EXPIRED in check.log:
                return [(*edit, "--expiry", "30d"), creds]
            case CheckCode.CLAIMS if EARLY in check.log:
                return [(*edit, "--start", "0"), creds]
            case CheckCode.SCOPED_USER_EMPTY:
                return [(*edit, "--clear"), creds]
            case CheckCode.USER_ISSUER | CheckCode.REVOCATION:
                return self._reissue()
            case CheckCode.SIGNATURE:
                return [creds]
        return []

    def _reissue(self) -> list[Words]:
        """Return the commands that sign the user anew, with a key that its operator takes."""
        around = self.around
        _, name, user = around.names
        local = around.local or around.account
        keys = local.claims.nats.signing_keys if local else []
        is_plain = any(isinstance(key, str) for key in keys)
        needs_key = any(is_strict(root.claims) for root in around.operators) and not is_plain
        first: list[Words] = []
        if needs_key:
            first.append(("edit", "account", name, "--sk", "generate"))
        if self._scope and not self._lacks_account:
            first, needs_key = [], False  # who has a role keeps its key
        if needs_key or (is_plain and local != around.account and not around.is_behind):
            first.append(around.push)
        creds = around.creds(self.file)
        return [*first, ("reissue", "user", "-a", name, user), creds]

    def _edit_limits(self, *options: str) -> list[Words]:
        """Return the commands that edit the limits of the user, or of its role."""
        around, scope = self.around, self._scope
        if scope:
            role = scope.role or scope.key
            edit = ("edit", "signing-key", "-a", around.names[1], "--sk", role, *options)
            return [edit, around.push]
        if len(around.names) < _USER:
            return []
        edit = ("edit", "user", "-a", *around.names[1:], *options)
        return [edit, around.creds(self.file)]

    @property
    def _scope(self) -> UserScope | None:
        keys = self.around.account.claims.nats.signing_keys if self.around.account else ()
        scopes = (key for key in keys if isinstance(key, UserScope))
        return next((key for key in scopes if self.user and key.key == self.user.iss), None)

    @property
    def _lacks_account(self) -> bool:
        return bool(self.user and lacks_account(self.user, self.around.account))


def is_strict(operator: OperatorClaims) -> bool:
    """Tell whether identity keys sign nothing."""
    return operator.nats.strict_signing_key_usage
