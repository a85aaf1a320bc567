"""What a system account shows each account about itself, as nsc sets it up."""

from __future__ import annotations

from natsauth.claims import Export

SYSTEM_ACCOUNT, SYSTEM_USER = "SYS", "sys"
"""The names that nsc gives them."""
_MORE = "https://docs.nats.io/nats-server/configuration/sys_accounts"


def monitoring_exports() -> list[Export | None]:
    """Return the exports by which accounts see their own connections and statistics."""
    return [
        Export(
            name="account-monitoring-streams",
            subject="$SYS.ACCOUNT.*.>",
            type="stream",
            account_token_position=3,
            description="Account specific monitoring stream",
            info_url=_MORE,
        ),
        Export(
            name="account-monitoring-services",
            subject="$SYS.REQ.ACCOUNT.*.*",
            type="service",
            response_type="Stream",
            account_token_position=4,
            description="Request account specific monitoring services for: "
            "SUBSZ, CONNZ, LEAFZ, JSZ and INFO",
            info_url=_MORE,
        ),
    ]
