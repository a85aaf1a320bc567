"""What to say of a check of ``natsauth why``: what was found, what cures it, and which command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from natsauth.claims import UserScope
from natsauth.claims.signing_keys import public_key_of
from natsauth.policy import CheckCode

if TYPE_CHECKING:
    from natsauth.claims import UserClaims
    from natsauth.cli._credentials import Credentials
    from natsauth.cli._surroundings import Surroundings
    from natsauth.policy import Check, Connection

_CREDS = "natsauth generate creds -a {account} -n {user} -o {file} -F"
_PUSH = "natsauth push -a {account}"
_COMMANDS = {
    CheckCode.ACCOUNT_LOOKUP: _PUSH,
    CheckCode.USER_ISSUER: "natsauth reissue user -a {account} {user}",
    CheckCode.BEARER: f"natsauth edit account {{account}} --no-disallow-bearer; {_PUSH}",
    CheckCode.CONNECTION_TYPE: "natsauth edit {node} --conn-type {type}",
    CheckCode.SIGNATURE: _CREDS,
    CheckCode.REVOCATION: "natsauth reissue user -a {account} {user}",
    CheckCode.SOURCE: "natsauth edit {node} --source-network {address}",
    CheckCode.TIMES: "natsauth edit {node} --rm-time {times}",
    CheckCode.CONNECTION_LIMIT: f"natsauth edit account {{account}} --conns -1; {_PUSH}",
    CheckCode.JETSTREAM: f"natsauth edit account {{account}} --js-enable 0; {_PUSH}",
}
"""The cures that are a command, where the store has the account and the user."""
_EXPIRED, _EARLY = "claim is expired", "claim is not yet valid"
_ACCOUNT = 2
"""The number of names down to the account."""
DEPENDS = "that depends on what is in the account"
_TAG = re.compile(r"\btag\(\s*([\w-]+)\s*\)").search


@dataclass(frozen=True, slots=True)
class Cure:
    """Words about checks that fail, or of which nothing is known."""

    credentials: Credentials
    around: Surroundings
    connection: Connection
    user: UserClaims | None

    def unknown(self, check: Check) -> tuple[str, str]:
        """Return what there is to say of a check that cannot be judged, and what helps."""
        account = self.user.account if self.user else ""
        message, hint = DEPENDS, ""
        match check.code, self.around.account:
            case CheckCode.ACCOUNT_LOOKUP, None:
                message = f"whether servers have the user's account {account}, and what is in it"
                if self.user and self.user.nats.is_empty():
                    message += "; the user has nothing of its own: a role gives it what it may do"
                hint = "--account FILE gives it, --data-dir DIR a store that has it"
            case CheckCode.ACCOUNT_LOOKUP | CheckCode.ACCOUNT_ISSUER, found if found:
                message = f"whether servers trust {found.claims.iss}, which signed the account"
                hint = "--operator FILE gives the operator that they trust"
            case CheckCode.PINNED_ACCOUNTS, _:
                message = "whether resolver_pinned_accounts of the server leaves the account out"
                hint = "--pinned gives that setting"
            case CheckCode.USER_ISSUER, found if found:
                message = "whether the operator is strict, and wants signing keys to sign users"
                hint = "--operator FILE gives the operator"
            case CheckCode.SOURCE, _ if check.holds is False:
                message = check.message.removesuffix(", not from None") + ": from where does it?"
                hint = f"--address IP says from where; {check.hint}"
            case CheckCode.SIGNATURE, _ if self.credentials.problem:
                message = f"{self.credentials.problem}, and only a bearer does without"
                hint = check.hint
            case CheckCode.SIGNATURE, _ if check.holds is False:
                message = "whether the client has the seed of this token"
                hint = "give the creds file, in which the seed is, too"
            case CheckCode.AUTH_CALLOUT, _ if check.holds is False:
                message = check.message
                hint = "--server asks a server; the log of the service says more"
        return message, hint

    def message(self, check: Check) -> str:
        """Return what is wrong, with what else tells about it."""
        account = self.around.account
        if check.code is CheckCode.ACCOUNT_LOOKUP and self.lacks_account and self.user and account:
            return (
                f"{self.user.account} is a signing key of account {account.claims.name!r:.80}; the "
                "user's token lacks issuer_account, so servers look for an account of that key"
            )
        if check.code is CheckCode.CONNECTION_LIMIT and check.holds is not False:
            return "the account has as many connections as it may have, says the server"
        key = self.credentials.key
        if check.code is not CheckCode.SIGNATURE:
            return check.message
        if key is None:
            return self.credentials.problem or check.message
        return f"{check.message}: the seed is that of {key.public_key}"

    def hint(self, check: Check) -> str:
        """Return what helps."""
        account = self.around.account
        if check.code is CheckCode.ACCOUNT_LOOKUP and self.lacks_account and account:
            return f"sign the user anew, with {account.claims.sub} as issuer_account"
        if check.code is CheckCode.CONNECTION_LIMIT and check.holds is not False:
            return "close other connections, or raise limits.conn of the account, and push it"
        return check.hint

    @property
    def lacks_account(self) -> bool:
        """Whether the token lacks ``issuer_account``, and a signing key passes for the account."""
        account, user = self.around.account, self.user
        return bool(
            account
            and user
            and user.account in map(public_key_of, account.claims.nats.signing_keys)
        )

    def command(self, check: Check) -> str:
        """Return the cure as a command line, if the store has what it takes."""
        _, account, user = map(quote, (*self.around.names, "", "", "")[:3])
        if not self.around.names:
            return ""
        scope = self._scope()
        text = self._template(check)
        is_of_node, is_of_user = "{node}" in text, "{user}" in text
        if (is_of_user or (is_of_node and not scope)) and len(self.around.names) == _ACCOUNT:
            return ""
        if is_of_node and scope:
            text += f"; {_PUSH}"
        elif (is_of_node or is_of_user) and text != _CREDS:
            text += f"; {_CREDS}"  # for what the client has is old
        role = f"signing-key -a {account} --sk {quote(scope.role or scope.key)}" if scope else ""
        limits = scope.template if scope else self.user.nats if self.user else None
        starts = [part.start for part in (limits.times or ())] if limits else []
        return text.format(
            account=account,
            address=self.connection.address or "IP",
            file=quote(self.credentials.file or f"{(*self.around.names, '', '')[2]}.creds"),
            node=role or f"user -a {account} {user}",
            times=quote(",".join(starts)),
            type=self.connection.type,
            user=user,
        )

    def _template(self, check: Check) -> str:
        account = self.around.account
        if check.code is CheckCode.CLAIMS and _EXPIRED in check.log:
            return "natsauth edit user -a {account} {user} --expiry 30d"
        if check.code is CheckCode.CLAIMS and _EARLY in check.log:
            return "natsauth edit user -a {account} {user} --start 0"
        if check.code is CheckCode.SCOPE_TEMPLATE and (tag := _TAG(check.message)):
            return f"natsauth edit user -a {{account}} {{user}} --tag {tag[1]}:VALUE"
        if check.code is CheckCode.ACCOUNT_LOOKUP and self.lacks_account:
            return "natsauth reissue user -a {account} {user}"
        if check.code is CheckCode.ACCOUNT_LOOKUP and not check.log.endswith("missing"):
            has_expired = account and 0 < account.claims.exp <= self.connection.moment()
            edit = f"natsauth edit account {{account}} --expiry 30d; {_PUSH}"
            return edit if has_expired else ""
        return _COMMANDS.get(check.code, "")

    def _scope(self) -> UserScope | None:
        keys = self.around.account.claims.nats.signing_keys if self.around.account else ()
        scopes = (key for key in keys if isinstance(key, UserScope))
        return next((key for key in scopes if self.user and key.key == self.user.iss), None)
