"""The Python packages that mint NATS tokens, each measured in an environment of its own.

Run by that environment's interpreter with the name of the package; prints microseconds as JSON.
What a package cannot do is left out. Neither is installed beside natsauth: their pins clash.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = ("nats-jwt", "nats-nsc")
_SUBJECTS = (["users.id.>", "orders.>"], ["users.id.>", "_INBOX.>"])


def nats_jwt() -> dict[str, Callable[[], object]]:
    """Mint with nats-jwt; its ``decode`` accepts any signature, so it is not compared."""
    from nats_jwt.nkeys_ext import create_account_pair, create_user_pair
    from nats_jwt.v2.user_claims import UserClaims

    account, user = create_account_pair(), create_user_pair()

    def mint() -> object:
        claims = UserClaims(user.public_key.decode(), "service")
        claims.nats.pub.allow, claims.nats.sub.allow = _SUBJECTS
        return claims.encode(account)

    return {"mint": mint}


def nats_nsc() -> dict[str, Callable[[], object]]:
    """Mint with nats-nsc; what it reads it does not verify, so it is not compared."""
    from nats_nsc import Account
    from nats_nsc.create_user import create_user

    account_jwt, account_seed, user = sys.stdin.read().split()
    account = Account(account_jwt, account_seed)
    pub, sub = _SUBJECTS

    def mint() -> Any:
        user_token = create_user(
            "service", account, user, allow_pub=pub, allow_sub=sub, expiry=timedelta(minutes=30)
        )
        return user_token.jwt_token

    return {"mint": mint}


def main() -> None:
    calls = {"nats-jwt": nats_jwt, "nats-nsc": nats_nsc}[sys.argv[1]]()
    best = {}
    for name, call in calls.items():
        best[name] = float("inf")
        for _ in range(300):
            start = perf_counter()
            call()
            best[name] = min(best[name], (perf_counter() - start) * 1e6)
    sys.stdout.write(json.dumps(best))


if __name__ == "__main__":
    main()
