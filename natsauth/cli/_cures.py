"""What to say of a check of ``natsauth why``: what was found, and what cures it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from natsauth.claims.permissions import MQTT, MQTT_WS
from natsauth.claims.signing_keys import public_key_of
from natsauth.cli._readable import date
from natsauth.policy import CheckCode

if TYPE_CHECKING:
    from natsauth.claims import AccountClaims, UserClaims
    from natsauth.cli._credentials import Credentials
    from natsauth.cli._surroundings import Surroundings
    from natsauth.policy import Check, Connection
    from natsauth.token import Token

EXPIRED, EARLY = "claim is expired", "claim is not yet valid"
"""What the log says of times."""
_INVENTED = re.compile(r"operator 'O[A-Z2-7]{55}'")
"""One that stands in where none is known."""
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
                whose = f"the user's account {account}" if account else "the user's account"
                message = f"whether servers have {whose}, and what is in it"
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
        found = check.message
        match check.code:
            case CheckCode.ACCOUNT_LOOKUP:
                found = self._about_account() or found
                if not self.around.operators:
                    found = _INVENTED.sub("an operator", found)
            case CheckCode.CONNECTION_LIMIT if check.holds is not False:
                found = "the account has as many connections as it may have, says the server"
            case CheckCode.CLAIMS if self.user and EXPIRED in check.log:
                found += f", at {date(self.user.exp)}"
            case CheckCode.CLAIMS if self.user and EARLY in check.log:
                found += f", which is at {date(self.user.nbf)}"
            case CheckCode.SIGNATURE if self.connection.type in (MQTT, MQTT_WS):
                pass  # where no seed is of use
            case CheckCode.SIGNATURE if key := self.credentials.key:
                found += f": the seed is that of {key.public_key}"
            case CheckCode.SIGNATURE:
                found = self.credentials.problem or found
        return found

    def _about_account(self) -> str:
        """Return why servers do not find the user's account, if it is plain from the store."""
        around, user, account = self.around, self.user, self._account
        if account is None or user is None:
            return ""
        name = f"account {account.name!r:.80}"
        if self.lacks_account:
            return (
                f"{user.account} is a signing key of {name}; the user's token lacks "
                "issuer_account, so servers look for an account of that key"
            )
        if account.sub != user.account:
            return f"the user is of account {around.name_of(user.account)}, not of {name}"
        if around.owner:
            return f"{name} is of operator {around.owner!r:.80}, and servers trust {self._trusted}"
        return ""

    @property
    def _account(self) -> AccountClaims | None:
        token = self.around.account or self.around.local
        return token.claims if token else None

    @property
    def _trusted(self) -> str:
        names = [root.claims.name or root.claims.sub for root in self.around.operators]
        return " and ".join(f"operator {name!r:.80}" for name in names)

    def hint(self, check: Check) -> str:
        """Return what helps."""
        found = check.hint
        match check.code:
            case CheckCode.ACCOUNT_LOOKUP:
                found = self._account_hint() or found
            case CheckCode.CONNECTION_LIMIT if check.holds is not False:
                found = "close other connections, or raise limits.conn of the account, and push it"
            case CheckCode.SCOPED_USER_EMPTY:
                found = "clear what the user has of its own: the permissions of its role hold"
            case CheckCode.SCOPE_TEMPLATE if tag := _TAG(check.message):
                edit = f"natsauth edit user NAME --tag {tag[1]}:VALUE"
                found += f": {edit} gives the user that tag"
        return found

    def _account_hint(self) -> str:
        around, user, account = self.around, self.user, self._account
        if account is None or user is None:
            return ""
        if self.lacks_account:
            return f"sign the user anew, with {account.sub} as issuer_account"
        if account.sub != user.account:
            return "name the account of the user with --account, or none"
        if around.owner:
            owner = f"connect to a server of operator {around.owner!r:.80}"
            return f"{owner}, or with creds of an account of {self._trusted}"
        return ""

    @property
    def lacks_account(self) -> bool:
        """Whether the token lacks ``issuer_account``, and a signing key passes for the account."""
        return bool(self.user and lacks_account(self.user, self.around.account))


def lacks_account(user: UserClaims, account: Token[AccountClaims] | None) -> bool:
    """Tell whether a token lacks ``issuer_account``, and a signing key passes for the account."""
    keys = account.claims.nats.signing_keys if account else ()
    return user.account in map(public_key_of, keys)
