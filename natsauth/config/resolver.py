"""The part of a nats-server configuration that says whom the server trusts.

It names the operator and the system account, and where account tokens come from: the *resolver*.
A server starts with the text as it is, or by ``include ./resolver.conf`` in a longer configuration.
But for comments and blank lines, ``full``, ``cache`` and ``memory`` are what nsc generates. What
nats-server 2.15.1 would refuse, or silently take for something else, is refused here first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, get_args

from natsauth.claims.account import AccountClaims
from natsauth.claims.base import clock
from natsauth.claims.operator import OperatorClaims
from natsauth.config import _text
from natsauth.errors import ConfigError, UsageError
from natsauth.keys import KeyType, is_public_key
from natsauth.token import Token, decode
from natsauth.trust import TIME_CODES, check_account
from natsauth.validation import IssueCode, validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from os import PathLike

    from natsauth.claims.base import Claims

ResolverKind = Literal["full", "cache", "memory", "url"]
"""Where a server gets account tokens from.

``full`` keeps all of them in a directory, ``cache`` those it asked ``full`` servers for, ``memory``
has those of the configuration only, and ``url`` asks a web server.
"""

# The options of each kind with nsc's defaults, in the order of nsc's lines.
_OPTIONS: dict[str, dict[str, Any]] = {
    "full": {
        "dir": "./jwt",
        "allow_delete": False,
        "interval": "2m",
        "timeout": "1.9s",
        "limit": None,
    },
    "cache": {"dir": "./jwt", "ttl": "1h", "timeout": "1.9s", "limit": None},
    "memory": {},
    "url": {"url": None},
}
_WRITERS: dict[str, Callable[[str, object], str]] = {
    "dir": _text.directory,
    "allow_delete": _text.flag,
    "interval": _text.duration,
    "ttl": _text.duration,
    "timeout": _text.duration,
    "limit": _text.count,
    "url": _text.resolver_url,
}
# The findings about an operator that a server stumbles over; to the others it is blind.
_FATAL = (IssueCode.SIGNING_KEY, IssueCode.SYSTEM_ACCOUNT, IssueCode.SERVER_VERSION)

_Accounts = dict[str, Token[AccountClaims]]


def render_resolver(  # noqa: PLR0913 - the server's options, each by keyword
    operator: Token[OperatorClaims] | str,
    accounts: Iterable[Token[AccountClaims] | str],
    kind: ResolverKind = "full",
    *,
    system_account: str | None = None,
    dir: str | PathLike[str] | None = None,  # noqa: A002 - the server's own word
    allow_delete: bool | None = None,
    interval: timedelta | str | None = None,
    timeout: timedelta | str | None = None,
    ttl: timedelta | str | None = None,
    limit: int | None = None,
    url: str | None = None,
    now: datetime | float | None = None,
) -> str:
    """Return the configuration of a server that trusts an operator.

    Durations are a timedelta or the text of a Go duration, such as ``"1h30m"``. An option that
    the kind does not have is refused.

    Args:
        operator: The operator.
        accounts: Accounts of the operator. ``memory`` writes them all into the configuration,
            ``full`` and ``cache`` the system account only: push the others to the server.
        kind: ``"full"``, ``"cache"``, ``"memory"`` or ``"url"``: see :data:`ResolverKind`.
        system_account: Public key, or name among ``accounts``; by default what the operator says,
            which may not be contradicted.
        dir: Directory of ``full`` and ``cache``; a relative one is relative to the directory the
            server is started in. By default ``./jwt``.
        allow_delete: Whether ``full`` lets the operator delete accounts; by default it does not.
        interval: How often ``full`` compares with another server; by default 2 minutes.
        timeout: How long ``full`` and ``cache`` wait for other servers that may know an account;
            by default 1.9 seconds.
        ttl: How long ``cache`` keeps an account; by default 1 hour.
        limit: How many accounts ``full`` and ``cache`` keep, at least 1; by default any number in
            ``full`` and 1000 in ``cache``.
        url: What ``url`` puts before the public key of an account to fetch its token. As the
            server starts it must itself answer with status 200. By default the operator's account
            server URL and ``/accounts/``, as in a server without a resolver.
        now: The moment; the current one if not given.

    Raises:
        ConfigError: A server would refuse this, or take it for something else.
        TrustError: An account is not of this operator, or the system account not valid now.
        ValidationError: The system account has findings that block its use.
        TokenError: A text is no token, or a token of another kind.
        ClaimsError: A member of a token has the wrong type.
        UsageError: An argument has the wrong Python type.
    """
    if kind not in get_args(ResolverKind):
        raise ConfigError(f"expected a kind out of {', '.join(_OPTIONS)}; got {kind!r:.80}")
    moment = clock(now)
    root = decode(operator, OperatorClaims)
    _check_operator(root, moment)
    options = _options(
        kind,
        dir=dir,
        allow_delete=allow_delete,
        interval=interval,
        timeout=timeout,
        ttl=ttl,
        limit=limit,
        url=_account_server(root.claims) if url is None and kind == "url" else url,
    )
    known = _accounts(accounts, root, moment)
    system = _system_account(kind, system_account, root.claims, known)
    if system in known:
        _check_system_account(known[system], root, moment)
    lines = [f"# Operator {_label(root.claims)}", f"operator: {root.encoded}"]
    if system in known:
        lines += [f"# System account {_label(known[system].claims)}"]
    if system:
        lines += [f"system_account: {system}"]
    lines += [""]
    if kind == "url":
        lines += [f"resolver: {options['url']}"]
    elif kind == "memory":
        lines += ["resolver: MEMORY", "", "resolver_preload: {"]
        for key, account in sorted(known.items()):
            lines += [f"  # {_label(account.claims)}", f"  {key}: {account.encoded}"]
        lines += ["}"]
    else:
        lines += [
            "resolver {",
            f"    type: {kind}",
            "    # a relative dir is relative to the directory that nats-server is started in",
            *(f"    {name}: {value}" for name, value in options.items()),
            "}",
            "",
            "# the system account only: push the others",
            "resolver_preload: {",
            f"\t{system}: {known[system].encoded},",
            "}",
        ]
    return "\n".join([*lines, ""])


def _options(kind: str, **given: Any) -> dict[str, str]:
    """Return the options of a kind as they are written."""
    own = _OPTIONS[kind]
    chosen = {name: value for name, value in given.items() if value is not None}
    if foreign := ", ".join(name for name in chosen if name not in own):
        raise ConfigError(
            f"a {kind} resolver does not take {foreign}",
            hint=f"it takes {', '.join(own)}" if own else "it takes no options",
        )
    options = {**own, **chosen}
    return {n: _WRITERS[n](n, value) for n, value in options.items() if value is not None}


def _check_operator(operator: Token[OperatorClaims], now: int) -> None:
    issues = validate(operator.claims, now=now).issues
    if problems := "; ".join(str(issue) for issue in issues if issue.code in _FATAL):
        raise ConfigError(f"no server can trust this operator: {problems}")
    body = operator.claims.nats
    if body.strict_signing_key_usage and not body.signing_keys:
        raise ConfigError(
            "the operator is strict but has no signing keys, so that it can have no accounts",
            hint="add a signing key to the operator, and sign its accounts with that",
        )
    if not operator.encoded.startswith("eyJ"):
        raise ConfigError(
            "the server takes an operator that does not start with 'eyJ' for the name of a file",
            hint="sign the operator again: natsauth and nsc write such a header",
        )


def _accounts(
    accounts: Iterable[Token[AccountClaims] | str], operator: Token[OperatorClaims], now: int
) -> _Accounts:
    """Return the accounts by public key."""
    if isinstance(accounts, str | bytes) or not isinstance(accounts, Iterable):
        raise UsageError(f"accounts are an iterable of tokens, got {type(accounts).__name__}")
    known: _Accounts = {}
    for item in accounts:
        account = decode(item, AccountClaims)
        key = account.claims.sub
        report = check_account(account, operator, now=now)
        # What time brings passes with time, or with the account's next token.
        report.without(TIME_CODES).raise_for_errors()
        if key in known:
            raise ConfigError(f"account {key} is there twice", hint="give its latest token only")
        known[key] = account
    return known


def _system_account(
    kind: str, wanted: str | None, operator: OperatorClaims, accounts: _Accounts
) -> str:
    """Return the public key of the system account, or "" where there is none."""
    declared = operator.nats.system_account
    key = declared if wanted is None else _find(wanted, accounts)
    if declared and key != declared:
        raise ConfigError(
            f"the operator's system account is {declared}, not {key}",
            hint="edit the operator, or leave system_account out",
        )
    if not key and kind in ("full", "cache"):
        raise ConfigError(
            f"a {kind} resolver needs a system account",
            hint="set the operator's system_account, or pass system_account",
        )
    if key and kind != "url" and key not in accounts:
        raise ConfigError(
            f"the system account {key} is not among the accounts", hint="add its token"
        )
    return key


def _find(wanted: str, accounts: _Accounts) -> str:
    if not isinstance(wanted, str):
        raise UsageError(f"system_account is a public key or name, got {type(wanted).__name__}")
    if is_public_key(wanted, KeyType.ACCOUNT):
        return wanted
    found = [key for key, token in accounts.items() if wanted and token.claims.name == wanted]
    if len(found) != 1:
        raise ConfigError(
            f"{len(found) or 'none'} of the accounts have the name {wanted!r:.80}",
            hint="name the system account by its public key",
        )
    return found[0]


def _check_system_account(
    account: Token[AccountClaims], operator: Token[OperatorClaims], now: int
) -> None:
    """Refuse a token that the server would not take its system account from."""
    check_account(account, operator, now=now).raise_for_errors()
    validate(account.claims, now=now).raise_for_errors()
    if account.claims.nats.limits.has_jetstream():
        raise ConfigError(
            f"the system account {account.claims.sub} has JetStream, and no server with JetStream "
            "starts with such a one",
            hint="set its mem_storage and disk_storage to 0",
        )


def _account_server(operator: OperatorClaims) -> str:
    url = operator.nats.account_server_url
    if not url:
        raise ConfigError(
            "a url resolver needs a URL, and the operator has no account server URL",
            hint="pass url, or set the operator's account_server_url",
        )
    return f"{url}/accounts/"


def _label(claims: Claims) -> str:
    return _text.comment(claims.name or claims.sub)
