"""What may be filled in: names that are one token, subjects and prefixes of inboxes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsauth.errors import UsageError
from natsauth.policy._trie import collide
from natsauth.subjects import has_wildcards, subject_problems

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = re.compile(r"[^\s.*>/\\\x00-\x1f\x7f\ud800-\udfff]+")
_UNSENDABLE = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff]")
_OWN = ("$JS.>", "$SYS.>", "$KV.>", "$O.>", "$SRV.>")
"""What has grants of its own."""


def name(what: str, given: Any) -> str:
    """Return a name of one token, as of a stream.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(given, str):
        raise UsageError(f"expected the name of a {what}, got {type(given).__name__}")
    if not _NAME.fullmatch(given):
        raise UsageError(
            f"{given!r:.80} is no name of a {what}",
            hint="a name has no dots, wildcards, slashes, blanks or control characters",
        )
    return given


def subjects(what: str, given: str | Iterable[str]) -> tuple[str, ...]:
    """Return subjects, perhaps with wildcards; one may be given by itself.

    Raises:
        UsageError: There are none, or one is none.
    """
    listed: Any = (given,) if isinstance(given, str) else given
    try:
        found = tuple(dict.fromkeys(listed))
    except TypeError:
        raise UsageError(
            f"expected {what} as text or a list of texts, got {type(given).__name__}"
        ) from None
    for subject in found:
        _check(what, subject)
    if not found:
        raise UsageError(f"there are no {what}", hint=f"name at least one, or leave {what} out")
    return found


def own_subjects(what: str, given: str | Iterable[str]) -> tuple[str, ...]:
    """Return subjects of an application: not those of JetStream, nor of the server.

    Raises:
        UsageError: There are none, one is none, or one opens another API.
    """
    found = subjects(what, given)
    for subject in found:
        for own in _OWN:
            if collide(subject, own):
                raise UsageError(
                    f"{subject!r:.80} in {what} would open {own}, which has grants of its own",
                    hint="name the subjects of the application, such as orders.>",
                )
    return found


def read_keys(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return patterns of keys to read.

    To get keys, one publishes their pattern. There nats-server takes a ``>`` for a token like any
    other, so that a final ``*`` lets ask for ``>``, hence for everything below.

    Raises:
        UsageError: There are none, one is none, or one ends in ``*``.
    """
    found = subjects("keys", given)
    for pattern in found:
        if pattern.split(".")[-1] == "*":
            raise UsageError(
                f"keys {pattern!r:.80}: servers would let read all keys below, too",
                hint="end with '>' where that is meant, else name the keys",
            )
    return found


def inbox(given: Any) -> str:
    """Return the prefix of inboxes, which opens no API.

    Raises:
        UsageError: It is none.
    """
    prefix = literal("inbox", given)
    if prefix.startswith("$"):
        raise UsageError(
            f"inbox {prefix!r:.80} is a subject of the server's own",
            hint="give a prefix such as _INBOX_worker, as to the client",
        )
    return prefix


def literal(what: str, given: Any) -> str:
    """Return a subject without wildcards, such as where a consumer delivers.

    Raises:
        UsageError: It is none.
    """
    _check(what, given)
    if has_wildcards(given):
        raise UsageError(
            f"{what} {given!r:.80} has wildcards", hint=f"give one {what}, as to the client"
        )
    return str(given)


def _check(what: str, subject: Any) -> None:
    if not isinstance(subject, str):
        raise UsageError(f"expected text in {what}, got {type(subject).__name__}")
    if _UNSENDABLE.search(subject):
        raise UsageError(f"{subject!r:.80} in {what} holds a blank or a control character")
    if ">" in subject.split(".")[:-1]:
        raise UsageError(f"{subject!r:.80} in {what}: > is the last token or none")
    for problem in subject_problems(subject):
        raise UsageError(f"{problem.message:.200}, in {what}")
