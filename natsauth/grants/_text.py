"""Grants as text: ``kv_read:orders:keys=eu.>``."""

from __future__ import annotations

from difflib import get_close_matches
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from natsauth.errors import UsageError
from natsauth.grants import _make

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsauth.claims.permissions import Permissions

GRANTS: dict[str, Callable[..., Permissions]] = {
    made.__name__: made
    for made in (
        _make.kv_read,
        _make.kv_write,
        _make.manage_stream,
        _make.monitoring,
        _make.object_store,
        _make.publish_stream,
        _make.pull_consumer,
        _make.push_consumer,
        _make.request_reply,
        _make.service,
    )
}
"""The functions that make grants, by name."""
_LISTS = ("subjects", "keys", "endpoints")
_COMPARED = 40
"""The characters of a name that are compared with others."""


def parse(text: str) -> Permissions:
    """Make a grant from text: its name, its arguments, and ``key=value`` for those with a keyword.

    They stand between colons, and values of a list between commas:
    ``pull_consumer:ORDERS:worker``, ``kv_read:orders:keys=eu.>,us.>:domain=hub``,
    ``object_store:files:write=yes``.

    Args:
        text: The grant, as for ``natsauth add user --grant``.

    Raises:
        UsageError: There is no such grant, it takes other arguments, or one of them is refused.
    """
    if not isinstance(text, str):
        raise UsageError(f"expected a grant as text, got {type(text).__name__}")
    name, *parts = text.split(":")
    grant = GRANTS.get(name)
    if grant is None:
        near = get_close_matches(name[:_COMPARED], GRANTS, n=1, cutoff=0.5)
        cure = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"there is no grant {name!r:.80}", hint=f"{cure}the grants are {', '.join(GRANTS)}"
        )
    words = [part for part in parts if "=" not in part]
    if _is_list(grant):
        words = [subject for word in words for subject in word.split(",")]
    options = [part.partition("=") for part in parts if "=" in part]
    known = signature(grant).parameters
    form = _form(name)
    given: dict[str, Any] = {}
    for key, _, value in options:
        parameter = known.get(key)
        if parameter is None or parameter.kind is not Parameter.KEYWORD_ONLY or key in given:
            raise UsageError(
                f"grant {name} takes no {key!r:.80}" + " twice" * (key in given),
                hint=f"the form is {form}",
            )
        given[key] = _value(key, value)
    try:
        signature(grant).bind(*words, **given)
    except TypeError as error:
        raise UsageError(f"grant {text!r:.80}: {error}", hint=f"the form is {form}") from None
    return grant(*words, **given)


def _is_list(grant: Callable[..., Permissions]) -> bool:
    return any(p.kind is Parameter.VAR_POSITIONAL for p in signature(grant).parameters.values())


def _form(name: str) -> str:
    """Return how a grant is written, with what it takes."""
    parts = [name]
    for parameter in signature(GRANTS[name]).parameters.values():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            parts.append("[SUBJECT,…]")
        elif parameter.kind is not Parameter.KEYWORD_ONLY:
            parts.append(parameter.name.upper())
        elif parameter.default is Parameter.empty:
            parts.append(f"{parameter.name}=…")
        else:
            parts.append(f"[{parameter.name}=…]")
    return ":".join(parts)


def _value(key: str, value: str) -> Any:
    if key in _LISTS:
        return value.split(",")
    if key != "write":
        return value
    if value not in ("yes", "no"):
        raise UsageError(f"expected write=yes or write=no, got {value!r:.80}")
    return value == "yes"
