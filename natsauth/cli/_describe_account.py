"""Accounts as nsc describes them: details, exports, imports, mappings, scoped signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.claims.exchange import CHUNKED, SERVICE, STREAMED
from natsauth.claims.signing_keys import UserScope, public_key_of
from natsauth.cli._describe_parts import (
    claim_rows,
    date_text,
    limit_rows,
    permission_rows,
    size_text,
    yes_no,
)
from natsauth.cli._tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.claims import (
        Account,
        AccountClaims,
        Export,
        Import,
        JetStreamLimits,
        MsgTrace,
        OperatorLimits,
        WeightedMapping,
    )

    NameOf = Callable[[str], str]
    """From the public key of an account to its name, or to the key where that is not known."""


def describe_account(claims: AccountClaims, name_of: NameOf) -> list[Table]:
    """Return the tables about an account."""
    account = claims.nats
    exports = [export for export in account.exports or () if export]
    imports = [item for item in account.imports or () if item]
    tables = [_details(claims, exports=bool(exports), imports=bool(imports))]
    tables += export_tables(exports)
    if imports:
        tables.append(import_table(imports, name_of))
    if account.mappings:
        tables.append(mapping_table(account.mappings))
    scopes = [key for key in account.signing_keys if isinstance(key, UserScope)]
    return tables + [describe_scope(scope) for scope in scopes]


def describe_scope(scope: UserScope) -> Table:
    """Return the table about a scoped signing key."""
    table = Table("Scoped Signing Key - Details")
    table.row("Key", scope.key)
    table.row("Role", scope.role)
    table.row("Description", scope.description)
    permission_rows(table, scope.template)
    limit_rows(table, scope.template)
    table.row("Bearer Token", yes_no(scope.template.bearer_token))
    if types := scope.template.allowed_connection_types:
        table.rule()
        table.column("Allowed Connection Types", types)
    return table


def _details(claims: AccountClaims, *, exports: bool, imports: bool) -> Table:
    account = claims.nats
    table = Table("Account Details")
    claim_rows(table, claims, "Account ID", tags=account.tags)
    table.rule()
    _information(table, account)
    if account.signing_keys:
        table.column("Signing Keys", [public_key_of(key) for key in account.signing_keys])
        table.rule()
    callout_rows(table, account)
    if account.authorization.auth_users:
        table.rule()
    _limits(table, account.limits)
    permission_rows(table, account.default_permissions)
    table.rule()
    _jetstream(table, account.limits)
    table.rule()
    if not imports:
        table.row("Imports", "None")
    if not exports:
        table.row("Exports", "None")
    if account.revocations:
        table.rule()
        table.row("Revocations", len(account.revocations))
    table.rule()
    _trace(table, account.trace)
    return table


def _information(table: Table, account: Account) -> None:
    if account.description:
        table.row("Description", account.description.replace("\n", " "))
    if account.info_url:
        table.row("Info Url", account.info_url)
    if account.description or account.info_url:
        table.rule()


def callout_rows(table: Table, account: Account) -> None:
    """Add the settings of an auth callout, if there is one."""
    callout = account.authorization
    if callout.auth_users:
        table.column("Auth Callout Users", callout.auth_users)
        table.column("Allowed Accounts", callout.allowed_accounts)
        if callout.xkey:
            table.row("Encrypt For", callout.xkey)


def _limits(table: Table, limits: OperatorLimits) -> None:
    leaf = "Not Allowed" if limits.leaf == 0 else _number(limits.leaf)
    table.row("Max Connections", _number(limits.conn))
    table.row("Max Leaf Node Connections", leaf)
    table.row("Max Data", _bytes(limits.data))
    table.row("Max Exports", _number(limits.exports))
    table.row("Max Imports", _number(limits.imports))
    table.row("Max Msg Payload", _bytes(limits.payload))
    table.row("Max Subscriptions", _number(limits.subs))
    table.row("Exports Allows Wildcards", limits.wildcards)
    table.row("Disallow Bearer Token", limits.disallow_bearer)


def _jetstream(table: Table, limits: OperatorLimits) -> None:
    if not limits.has_jetstream():
        table.row("Jetstream", "Disabled")
    elif not limits.tiered_limits:
        table.row("Jetstream", "Enabled")
        _storage(table, limits)
    else:
        for index, (name, tier) in enumerate(limits.tiered_limits.items()):
            if index:
                table.rule()
            table.row("Jetstream Tier", name)
            _storage(table, tier)


def _storage(table: Table, limits: JetStreamLimits | OperatorLimits) -> None:
    required = "required" if limits.max_bytes_required else "optional"
    pending = limits.max_ack_pending
    table.row("Max Disk Storage", _storage_text(limits.disk_storage))
    table.row("Max Mem Storage", _storage_text(limits.mem_storage))
    table.row("Max Streams", _number(limits.streams or -1))
    table.row("Max Consumers", _number(limits.consumer or -1))
    table.row("Max Ack Pending", pending if pending > 0 else "Consumer Setting")
    table.row("Max Bytes", f"{required} (Stream setting)")
    table.row("Max Memory Stream", _bytes(limits.mem_max_stream_bytes or -1))
    table.row("Max Disk Stream", _bytes(limits.disk_max_stream_bytes or -1))


def _trace(table: Table, trace: MsgTrace | None) -> None:
    if trace is None:
        table.row("Tracing Context", "Disabled")
    else:
        table.row("Tracing Context", "Enabled")
        table.row("Subject", trace.dest)
        table.row("Sampling", f"{trace.sampling or 100}%")


def export_tables(exports: list[Export]) -> list[Table]:
    """Return the tables about exports; none where there are none."""
    if not exports:
        return []
    columns = ("Type", "Subject", "Account Token Position", "Public", "Revocations", "Tracking")
    table = Table("Exports", "Name", *columns, "Allow Trace")
    texts = Table("Exports - Descriptions", "Name", "Description", "Info Url")
    for export in exports:
        streamed = export.response_type in (STREAMED, CHUNKED) and export.type == SERVICE
        table.row(
            export.name,
            (export.type or "unknown").title() + (f" [{export.response_type}]" if streamed else ""),
            export.subject,
            export.account_token_position or "-",
            yes_no(not export.token_req),
            len(export.revocations or ()),
            _tracking(export),
            yes_no(export.allow_trace) if export.type == SERVICE else "N/A",
        )
        if export.description or export.info_url:
            texts.row(export.name, export.description.replace("\n", " "), export.info_url)
    told = any(export.description or export.info_url for export in exports)
    return [table, texts] if told else [table]


def _tracking(export: Export) -> str:
    if export.type != SERVICE:
        return "N/A"
    latency = export.service_latency
    return f"{latency.results} ({latency.sampling}%)" if latency else "-"


def import_table(imports: list[Import], name_of: NameOf) -> Table:
    """Return the table about imports."""
    columns = ("Type", "Remote", "Local", "Expires", "From Account", "Public", "Allow Trace")
    table = Table("Imports", "Name", *columns)
    for item in imports:
        service = item.type == SERVICE
        remote, local = item.subject, item.local_subject
        if service and item.to:
            remote, local = item.to, item.subject
        table.row(
            item.name,
            (item.type or "unknown").title(),
            remote,
            local,
            _expiry(item.token) if item.token else "",
            name_of(item.account),
            yes_no(not item.token),
            "N/A" if service else yes_no(item.allow_trace),
        )
    return table


def _expiry(token: str) -> str:
    from natsauth.claims import ActivationClaims
    from natsauth.errors import NatsAuthError
    from natsauth.token import decode

    if token.lower().startswith(("http://", "https://")):
        return "kept at a URL"  # which nsc asks; a description stays off the network
    try:
        return date_text(decode(token, ActivationClaims).claims.exp)
    except NatsAuthError as error:
        return f"error decoding: {error.args[0]}"


def mapping_table(mappings: dict[str, list[WeightedMapping] | None]) -> Table:
    """Return the table about the mappings of subjects."""
    table = Table("Mappings", "From", "To", "Weight (%)")
    for subject, targets in mappings.items():
        weights = [target.weight or 100 for target in targets or ()]
        for index, (target, weight) in enumerate(zip(targets or (), weights, strict=True)):
            table.row("" if index else subject, target.subject, weight)
        table.row("", "", f"sum={sum(weights)}")
    return table


def _number(limit: int) -> str:
    return f"{limit}" if limit > -1 else "Unlimited"


def _bytes(limit: int) -> str:
    return f"{size_text(limit)} ({limit} bytes)" if limit > -1 else "Unlimited"


def _storage_text(limit: int) -> str:
    if limit == 0:
        return "Disabled"
    return size_text(limit) if limit > 0 else "Unlimited"
