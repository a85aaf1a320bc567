"""Primitive values inside claims: URLs, server versions, times of day, networks, time zones.

The rules are those of the Go functions that jwt/v2 calls. A problem is told as a phrase about the
value, None means that there is none; the limit on the length of a URL is the caller's.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING, NamedTuple

from natsauth.subjects import parse_int

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_USERINFO = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:@%-]")
_BAD_HOST_CHAR = re.compile(r"[ \\^`{|}]")
# A host may escape bytes beyond ASCII, and the percent sign itself.
_BAD_HOST_ESCAPE = re.compile(r"%(?!25|[89A-Fa-f][0-9A-Fa-f])")
_ZONE_ESCAPES = frozenset(ascii_letters + digits + " !\"$%&'()*+,-.:;<=>[]_~")
_PORT = re.compile(r"(?::[0-9]*)?")
_TIME_OF_DAY = re.compile(r"(?:[01]?[0-9]|2[0-3])(?::[0-5][0-9]){2}(?:[.,][0-9]+)?")
_PREFIX_LENGTH = re.compile(r"0*([0-9]{1,3})")
# As every name of the database is; other text leads zoneinfo into errors of all kinds.
_TIME_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,63}(?:/[A-Za-z0-9][A-Za-z0-9_+-]{0,63}){0,3}")
_SERVICE_SCHEMES = ("nats", "tls", "ws", "wss")


class Url(NamedTuple):
    """The parts of a URL that rules look at; host and path keep their percent escapes."""

    scheme: str
    has_userinfo: bool
    host: str
    path: str


def parse_url(text: str) -> Url:
    """Split a URL as Go's net/url does since Go 1.26.

    Raises:
        ValueError: The text is no URL; the message is a phrase such as "has a control character"
            that repeats nothing of the text, since a URL may hold a password.
    """
    text, _, fragment = text.partition("#")
    if _CONTROL.search(text):
        raise ValueError("has a control character")
    scheme, rest = _split_scheme(text)
    rest = rest.partition("?")[0]
    has_userinfo, host, path = False, "", rest
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        path = slash + path
        userinfo, at, host_port = authority.rpartition("@")
        _check_userinfo(userinfo)
        has_userinfo, host = bool(at), _host(host_port, scheme)
    elif scheme and not rest.startswith("/"):
        path = ""  # "scheme:anything" is opaque
    elif ":" in rest.partition("/")[0]:
        raise ValueError("has a colon in its first segment but no scheme")
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        raise ValueError("has '%' without two hexadecimal digits")
    return Url(scheme, has_userinfo, host, path)


def info_url_problem(text: str) -> str | None:
    """Say what is wrong with the ``info_url`` of an account or export; empty is fine."""
    return _url_problem(
        text, lambda url: None if url.scheme and url.host else "must have a scheme and a host"
    )


def account_server_url_problem(text: str) -> str | None:
    """Say what is wrong with an operator's ``account_server_url``; empty is fine."""
    return _url_problem(text, lambda url: None if url.scheme else "must have a scheme")


def operator_service_url_problem(text: str) -> str | None:
    """Say what is wrong with an entry of an operator's service URLs; empty is fine."""

    def flaw(url: Url) -> str | None:
        if url.has_userinfo:
            return "must not hold credentials"
        if url.path:
            return "must not have a path"
        if url.scheme not in _SERVICE_SCHEMES:
            return f"must have one of the schemes {', '.join(_SERVICE_SCHEMES)}"
        return None

    return _url_problem(text, flaw)


def server_version_problem(text: str) -> str | None:
    """Say what is wrong with an asserted server version; empty is fine.

    Signs and leading zeros are fine as for Go's ``Atoi``, as long as no number is negative.
    """
    if not text:
        return None
    numbers = [parse_int(part) for part in text.split(".", 3)]
    if len(numbers) == 3 and all(n is not None and n >= 0 for n in numbers):  # noqa: PLR2004 - as said
        return None
    return f"server version {text!r} is not three numbers joined by dots, such as 2.10.0"


def is_time_of_day(text: str) -> bool:
    """Tell whether Go's ``time.Parse`` reads the text as hour:minute:second.

    The hour may be one digit, and a fraction of a second may follow after ``.`` or ``,``.
    """
    return _TIME_OF_DAY.fullmatch(text) is not None


def is_cidr(text: str) -> bool:
    """Tell whether Go's ``net.ParseCIDR`` reads the text: address, slash, length of the prefix.

    Bits of the host may be set, the address must not have a zone, and a netmask is no length.
    """
    from ipaddress import ip_address

    address, _, length = text.partition("/")
    prefix = _PREFIX_LENGTH.fullmatch(length)
    if not prefix or "%" in address:
        return False
    try:
        return int(prefix[1]) <= ip_address(address).max_prefixlen
    except ValueError:
        return False


def timezone_known(name: str) -> bool | None:
    """Tell whether the time zone database has the name, as Go's ``time.LoadLocation`` does.

    Returns:
        None where this machine has no time zone database, so that nothing can be said.
    """
    if name in ("", "UTC", "Local"):  # fixed in Go
        return True
    name = timezone_file(name)
    if not _TIME_ZONE.fullmatch(name):
        return False
    return _has_zone(name) or (False if _has_zone("UTC") else None)


def timezone_file(name: str) -> str:
    """Return the name of a time zone without the steps of a path that lead nowhere.

    Go opens a file of the database: ``Europe//Paris`` and ``./UTC`` are names, too.
    """
    first, *others = name.split("/")
    steps = [step for step in others[:-1] if step not in ("", ".")]
    return "/".join([*([] if first == "." else [first]), *steps, *others[-1:]])


def _has_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not there, a directory, a file of another format
        return False
    return True


def _url_problem(text: str, flaw: Callable[[Url], str | None]) -> str | None:
    if not text:
        return None
    try:
        problem = flaw(parse_url(text))
    except ValueError as error:
        problem = str(error)
    if problem is None:
        return None
    _, at, rest = text.rpartition("@")
    shown = f"***@{rest}" if at else text  # whatever stands before may be a password
    return f"URL {shown!r} {problem}"


def _split_scheme(text: str) -> tuple[str, str]:
    if text.startswith(":"):
        raise ValueError("has nothing before its first colon")
    match = _SCHEME.match(text)
    return (match[1].lower(), text[match.end() :]) if match else ("", text)


def _check_userinfo(text: str) -> None:
    if _BAD_USERINFO.search(text) or _BAD_ESCAPE.search(text):
        raise ValueError("has a character in its credentials that needs a percent escape")


def _host(text: str, scheme: str) -> str:
    """Return the host of ``host:port`` or ``[ipv6]:port``, with everything checked."""
    if "[" in text:
        host, bracket, port = text.rpartition("]")
        if not bracket or text.rfind("[") > 0:
            raise ValueError("has unmatched brackets in its host")
        host = host[1:]
        _check_ipv6(host)
    else:
        # Go takes several colons as host text, except under the schemes of the web.
        host, colon, port = text.partition(":")
        if colon and scheme not in ("http", "https"):
            host, _, port = text.rpartition(":")
        port = colon + port
        if _BAD_HOST_CHAR.search(host) or _BAD_HOST_ESCAPE.search(host):
            raise ValueError("has a character or percent escape that no host may have")
    if not _PORT.fullmatch(port):
        raise ValueError("has a port that is not a number")
    return host


def _check_ipv6(text: str) -> None:
    """Check what stands in brackets: an IPv6 address, perhaps ``%25`` and a zone (RFC 6874)."""
    from ipaddress import IPv6Address

    address, mark, zone = text.partition("%25")
    try:
        IPv6Address(address)
    except ValueError:
        raise ValueError("has brackets around something that is no IPv6 address") from None
    escaped = re.findall(r"%(..)", zone)
    if (
        "%" in address
        or (mark and not zone)
        or _BAD_HOST_CHAR.search(zone)
        or _BAD_ESCAPE.search(zone)
        or not all(chr(int(code, 16)) in _ZONE_ESCAPES for code in escaped)
    ):
        raise ValueError("has a malformed IPv6 zone in its host")
