"""Whatever is given, a value stays one value of nats-server's language, or is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from natsauth.claims import AccountClaims, Operator, OperatorClaims
from natsauth.config import _text, render_resolver
from natsauth.errors import ConfigError, NatsAuthError
from natsauth.keys import KeyPair, KeyType
from natsauth.token import encode

ROOT, SYSTEM = KeyPair.generate(KeyType.OPERATOR), KeyPair.generate(KeyType.ACCOUNT)
LINES = (
    *("operator:", "system_account:", "resolver", "type:", "dir:", "allow_delete:", "ttl:"),
    *("interval:", "timeout:", "limit:"),
)
# Any text at all, lone surrogates included.
TEXTS = st.text(st.characters(exclude_categories=()))
ANYTHING = st.one_of(
    TEXTS, st.binary(), st.integers(), st.floats(), st.timedeltas(), st.booleans(), st.none()
)


def read_string(written: str) -> str:
    """Read a quoted string as nats-server's lexer does."""
    if written[0] == "'":
        body, end = written[1:].split("'")
        assert not end
        return body
    match = re.fullmatch(r'"((?:[^"\\]|\\["\\])*)"', written)
    assert match
    return re.sub(r"\\(.)", r"\1", match[1])


@given(TEXTS)
@example("it's \\\" \\x41 $HOME")
def test_a_path_is_read_as_it_was_given_or_refused(path: str) -> None:
    try:
        written = _text.directory("dir", path)
    except ConfigError:
        assert not path or any(
            char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in path
        )
    else:
        assert read_string(written) == path
        assert "\n" not in written
        written.encode()


@given(st.text(st.sampled_from(" /:#?%@[]()'\"\\,;{}$m\n\u00e9\ud800"), max_size=8))
def test_a_url_is_one_value_or_refused(path: str) -> None:
    url = f"http://h/{path}"
    try:
        written = _text.resolver_url("url", url)
    except ConfigError:
        assert re.search('[ "#\n\ud800]|%', path)
    else:
        # What the server would otherwise end a value at.
        value = written if written.startswith("URL") else read_string(written)
        assert value == f"URL({url})"
        assert written != value or not re.search(r"[\s,;\]}'\\]", value)


@given(st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=100_000)))
def test_a_timedelta_is_written_exactly(value: timedelta) -> None:
    written = _text.duration("ttl", value).strip('"')
    units = {"h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
    total = timedelta(0)
    for whole, fraction, unit in re.findall(r"(\d+)(?:\.(\d+))?([hms])", written):
        total += int(whole) * units[unit] + timedelta(microseconds=int(fraction.ljust(6, "0") or 0))
    assert total == value


@given(st.sampled_from(["full", "cache", "memory", "url", "x"]), st.data())
def test_only_documented_errors_leave(kind: Any, data: st.DataObject) -> None:
    names = ("dir", "allow_delete", "interval", "timeout", "ttl", "limit", "url", "system_account")
    options = data.draw(st.dictionaries(st.sampled_from(names), ANYTHING, max_size=2))
    nats = Operator(system_account=SYSTEM.public_key, account_server_url="http://h")
    root = encode(OperatorClaims(sub=ROOT.public_key, name=data.draw(TEXTS), nats=nats), ROOT)
    system = encode(AccountClaims(sub=SYSTEM.public_key, name=data.draw(TEXTS)), ROOT)
    try:
        text = render_resolver(root, [system], kind, **options)
    except NatsAuthError:
        return
    for line in text.split("\n"):
        assert not line or line.strip().startswith(("#", "}", SYSTEM.public_key, *LINES))
