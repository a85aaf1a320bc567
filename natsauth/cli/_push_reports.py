"""What ``push`` says of what became of accounts on servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth.cli._hints import in_commands
from natsauth.cli._output import Report, Status
from natsauth.errors import ResolverError
from natsauth.resolver import PushReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from natsauth.resolver import (
        AccountDiff,
        DeleteResult,
        DifferentAccount,
        PruneResult,
        PushResult,
        ServerReply,
    )

_NAMED = 3
"""So many accounts are named that share a problem; of the rest the number is given."""


def pushed(result: PushResult) -> Report:
    """Return what became of one account."""
    facts: dict[str, Any] = {
        "account": result.account,
        "name": result.name,
        "reason": result.reason,
        "servers": [_facts(reply) for reply in result.replies],
        "missing": result.missing,
        "confirmed": result.confirmed,
        "hint": cure(result),
    }
    if result:
        words = ", ".join(dict.fromkeys(reply.message for reply in result.replies))
        said = f'pushed "{result.name}" to {_servers(result.replies)}: {words}'
        return Report(f"{said}, and confirmed" if result.confirmed else said, **facts)
    step = Report(f'push "{result.name}"', Status.ERROR, **facts)
    for reply in result.replies:
        if reply.ok:
            step.ok(f"{_server(reply)}: {reply.message}")
    for problem in problems(result):
        step.error(problem)
    return step


def problems(result: PushResult) -> list[str]:
    """Return what went wrong with one account, each server for itself."""
    found = [f"not sent: {problem}" for problem in result.problems]
    found += _trouble(result)
    if result.no_responders:
        found.append("no server takes pushes")
    if result.confirmed is False:
        found.append("a server that took it does not give it back")
    return found


def cure(result: PushResult | DeleteResult | PruneResult) -> str:
    """Return what may help where something went wrong, or an empty string."""
    try:
        result.raise_for_errors()
    except ResolverError as error:
        silent = getattr(result, "reason", None) is PushReason.MISSING
        hint = in_commands(error.hint)
        return f"{hint}; --timeout waits longer" if silent else hint
    return ""


class Tally:
    """What became of very many accounts: how many were pushed, and what the others share."""

    def __init__(self) -> None:
        self.count = 0
        self._good = 0
        self._problems: dict[str, list[str]] = {}

    def add(self, result: PushResult) -> None:
        """Count an account."""
        self.count += 1
        self._good += bool(result)
        for problem in problems(result):
            self._problems.setdefault(problem, []).append(result.name)

    def report(self, total: int, servers: str, *, unread: int = 0) -> Report:
        """Return what is to be said.

        Args:
            total: How many accounts there are.
            servers: Where they were to go.
            unread: How many of them cannot be read, which is told elsewhere.
        """
        facts: dict[str, Any] = {"pushed": self._good, "accounts": total}
        if self._good == total:
            return Report(f"pushed {total} accounts to {servers}", **facts)
        text = f"{self._good} of {total} accounts reached every server: {servers}"
        step = Report(text, Status.ERROR, **facts)
        for problem, names in self._problems.items():
            shown = ", ".join(f'"{name}"' for name in names[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            step.error(f"{shown}{more}: {problem}")
        if unknown := total - self.count - unread:
            step.error(f"nothing is known of {unknown}")
        return step


def differences(found: AccountDiff, names: Mapping[str, str]) -> Iterator[Report]:
    """Yield how servers differ from the store: each server, then what none of them owns up to.

    Args:
        found: The differences.
        names: Names of accounts, by public key.
    """
    everywhere = [account for account in found.different if account.count == len(account.servers)]
    for server in found.servers:
        other = [one.account for one in everywhere if server.server_name in one.servers]
        name = server.server_name or server.server_id
        step = Report(
            f"{name} has the accounts of the store and no others",
            server=name,
            absent=server.absent,
            extra=server.extra,
            different=other,
        )
        if server.absent or server.extra or other:
            step.message = f"{name} differs from the store"
        for key in server.absent:
            step.warning(f"lacks {called(key, names)}", account=key)
        for key in other:
            step.warning(f"has another token of {called(key, names)}", account=key)
        for key in server.extra:
            step.warning(f"has {_both(key, names)}, which is not in the store", account=key)
        yield step
    for account in found.different:
        if account not in everywhere:
            yield _different(account, names)
    for key in found.untold:
        message = f"not every server tells its token of {called(key, names)}: caches do not"
        yield Report(message, Status.WARNING, account=key)
    yield from _silent(found.missing)


def pruned(
    result: PruneResult, servers: str, names: Mapping[str, str], *, dry_run: bool
) -> Iterator[Report]:
    """Yield what became of the accounts that the store lacks."""
    if dry_run:
        for key in result.accounts:
            yield Report(f"would delete {_both(key, names)} from {servers}", account=key)
    elif result.deleted is not None:
        yield deleted(result.deleted, {})
    if not (result.accounts or result.missing):
        yield Report("nothing to prune", accounts=[])
    yield from _silent(result.missing)


def deleted(result: DeleteResult, names: Mapping[str, str]) -> Report:
    """Return what became of accounts that are deleted from servers.

    Args:
        result: What became of them.
        names: Names of accounts, by public key.
    """
    facts: dict[str, Any] = {
        "accounts": result.accounts,
        "unlisted": result.unlisted,
        "reason": result.reason,
        "servers": [_facts(reply) for reply in result.replies],
        "missing": result.missing,
        "hint": cure(result),
    }
    shown = ", ".join(called(key, names) for key in result.accounts)
    if not result:
        step = Report(f"delete {shown}", Status.ERROR, **facts)
        for reply in result.replies:
            if reply.ok:
                step.ok(f"{_server(reply)}: {reply.message}")
        for problem in _trouble(result):
            step.error(problem)
        return step
    if result.unlisted == result.accounts:
        return Report(f"no server had {shown}, unless expired", Status.WARNING, **facts)
    return Report(f"deleted {shown} from {_servers(result.replies)}", **facts)


def called(key: str, names: Mapping[str, str]) -> str:
    """Return the name of an account between quotes, or its public key."""
    return f'"{names[key]}"' if key in names else key


def _both(key: str, names: Mapping[str, str]) -> str:
    return f'"{names[key]}" ({key})' if key in names else key


def _different(account: DifferentAccount, names: Mapping[str, str]) -> Report:
    where, verb = ", ".join(account.servers), "has" if account.count == 1 else "have"
    return Report(
        f"{account.count} of {where} {verb} another token of {called(account.account, names)}",
        Status.WARNING,
        account=account.account,
        servers=account.servers,
        count=account.count,
    )


def _silent(missing: tuple[str, ...]) -> Iterator[Report]:
    for name in missing:
        yield Report(f"{name} did not say what it has", Status.ERROR, server=name)


def _trouble(result: PushResult | DeleteResult) -> list[str]:
    said = [f"{_server(reply)}: {reply.message}" for reply in result.replies if not reply.ok]
    return [*said, *(f"{name} did not answer" for name in result.missing)]


def _server(reply: ServerReply) -> str:
    return reply.server_name or reply.server_id or "a server without a name"


def _servers(replies: tuple[ServerReply, ...]) -> str:
    return ", ".join(dict.fromkeys(map(_server, replies)))


def _facts(reply: ServerReply) -> dict[str, Any]:
    return {
        "server": _server(reply),
        "ok": reply.ok,
        "message": reply.message,
        "effect": reply.effect,
    }
