"""Permissions in words: the catalogue of grants, read backwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsauth.grants._catalogue import ACTIONS, API, INBOX, NOUNS, REMOTE, SHAPES
from natsauth.grants._make import filled
from natsauth.policy import Evaluator, evaluate
from natsauth.policy._trie import collide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from natsauth.claims import AccountClaims, Permissions, UserClaims
    from natsauth.claims.permissions import Permission, ResponsePermission
    from natsauth.creds import Creds
    from natsauth.token import Token

_ALL = ">"
_DOMAIN = re.compile(r"\$JS\.([^.*>]+)\.API\.(.+)")
_PLACE = re.compile(r"\{(\w+)\}")
_MULTIPLE = ("keys", "rest")
"""The names of more than one token."""
_SYSTEM = re.compile(r"\$|\*\.(?!>$)").match
"""Takes entries in which actions are looked for."""
_KNOWN = (f"{API}.{_ALL}", f"$JS.*.API.{_ALL}", "$KV.>", "$O.>")
"""Subjects of which every use is an action."""
_SHOWN = 5
"""The exceptions that are named."""


class _Side:
    """What is allowed and denied in one direction."""

    def __init__(self, permission: Permission) -> None:
        self.allow = [_ALL] if permission.allow is None else permission.allow
        self.deny = permission.deny or []
        self.is_open = self.allow == [_ALL] and not self.deny
        self._listed = frozenset(self.allow)
        self._known: dict[str, bool] = {}  # where thousands of keys are listed, some come again

    def has(self, subject: str) -> bool:
        """Tell whether all of a subject is allowed."""
        if subject not in self._known:
            self._known[subject] = (
                subject in self._listed or any(_within(subject, entry) for entry in self.allow)
            ) and not any(collide(subject, entry) for entry in self.deny)
        return self._known[subject]

    def left(self, subject: str) -> str | None:
        """Return what is excepted from a subject, as words; ``None`` if nothing is left of it."""
        if any(_within(subject, entry) for entry in self.deny):
            return None
        hits = [entry for entry in self.deny if collide(subject, entry)]
        more = f" and {len(hits) - _SHOWN} more" if len(hits) > _SHOWN else ""
        return f", except {', '.join(hits[:_SHOWN])}{more}" if hits else ""


def describe(
    user: UserClaims | Token[UserClaims] | Creds | Permissions | Mapping[str, Any] | Evaluator,
    account: AccountClaims | Token[AccountClaims] | None = None,
) -> tuple[str, ...]:
    """Say in words what permissions let one do, a sentence for each grant and for what is left.

    A grant is named where all of its subjects are allowed and none is denied. Of what is left,
    denied subjects are named as exceptions.

    Args:
        user: The user, or permissions alone; or what :func:`~natsauth.policy.evaluate` returned.
        account: Its account, for scopes and default permissions.

    Raises:
        UsageError, ClaimsError, TokenError: As :func:`~natsauth.policy.evaluate`.
    """
    evaluator = user if isinstance(user, Evaluator) else evaluate(user, account)
    if refused := evaluator._installed.refused:  # noqa: SLF001 - of the same library
        return (f"cannot connect: {refused}",)
    permissions = evaluator.effective()
    publish, subscribe = _Side(permissions.pub), _Side(permissions.sub)
    if publish.is_open and subscribe.is_open:
        return ("can do everything",)
    said, published, subscribed = _shapes(publish, subscribe)
    also = "also " if said else ""
    said += [f"can {also}{words}" for words in _published(publish, published)]
    said += [f"can {words}" for words in _subscribed(subscribe, subscribed)]
    if permissions.resp:
        said.append(_answers(permissions.resp))
    return tuple(dict.fromkeys(said)) or ("can do nothing",)


def _shapes(publish: _Side, subscribe: _Side) -> tuple[list[str], set[str], set[str]]:
    """Return the grants that permissions hold, and what is published and subscribed to by those."""
    said: list[str] = []
    known: tuple[set[str], set[str]] = set(), set()
    receives = any(
        entry.endswith(_ALL) and subscribe.left(entry) is not None for entry in subscribe.allow
    )
    for shape in SHAPES.values():
        key, *_ = shape.publish or shape.subscribe
        side = publish if shape.publish else subscribe
        if not shape.words or (INBOX in shape.subscribe and not receives):
            continue
        for entry in side.allow:
            domain, local = _local(entry)
            names = _match(key, local)
            if names is None:
                continue
            values = {name: (text,) for name, text in names.items()}
            published = _filled(shape.publish, domain, values)
            subscribed = _filled(shape.subscribe, "", values)
            is_new = {*published} - known[0] or {*subscribed} - known[1]
            if is_new and all(map(publish.has, published)) and all(map(subscribe.has, subscribed)):
                said.append(f"can {_worded(shape.words, names)}{_where(domain)}")
                known[0].update(published)
                known[1].update(subscribed)
                known[side is subscribe].add(entry)
    return said, *known


def _filled(
    templates: Sequence[str], domain: str, values: Mapping[str, Sequence[str]]
) -> list[str]:
    """Fill in subjects of which every name is known, in a domain or outside of any."""
    subjects = []
    for template in templates:
        if template.startswith(REMOTE) or not {*_PLACE.findall(template)} <= values.keys():
            continue
        *_, subject = filled(template, domain or None, values)
        subjects.append(subject)
    return subjects


def _published(publish: _Side, known: set[str]) -> Iterator[str]:
    """Go through what may be published beside grants."""
    for entry in publish.allow:
        excepted = publish.left(entry)
        if entry in known or excepted is None:
            continue
        domain, local = _local(entry)
        if local == f"{API}.{_ALL}":
            yield f"do everything with JetStream{_where(domain)} through {entry}{excepted}"
            continue
        found = list(_actions(publish, entry)) if _SYSTEM(local) else []
        yield from found
        if not found or not any(_within(local, pattern) for pattern in _KNOWN):
            yield f"publish to {_subject(entry)}{excepted}"


def _actions(publish: _Side, entry: str) -> Iterator[str]:
    """Go through what is done by publishing to an entry, as far as it is known."""
    domain, local = _local(entry)
    for action, words in ACTIONS.items():
        pattern = _PLACE.sub(lambda at: _ALL if at[1] in _MULTIPLE else "*", action)
        if not collide(local, pattern):
            continue
        names = _overlap(action, local)
        narrow = action.format(**names)
        excepted = publish.left(_prefixed(narrow, domain))
        if excepted is not None:
            yield f"{_worded(words, names)}{_where(domain)} through {entry}{excepted}"


def _subscribed(subscribe: _Side, known: set[str]) -> Iterator[str]:
    for entry in subscribe.allow:
        subject, _, queue = entry.partition(" ")
        excepted = subscribe.left(subject)
        if entry in known or excepted is None:
            continue
        group = f" in queue group {queue}" if queue else ""
        if subject.startswith("_INBOX") and not group:
            yield f"receive answers on {subject}{excepted}"
        else:
            is_star = subject.split(".")[-1] == "*"
            deeper = f" (servers let {subject[:-1]}> pass, too)" if is_star else ""
            yield f"subscribe to {_subject(subject)}{group}{deeper}{excepted}"


def _answers(resp: ResponsePermission) -> str:
    if resp.max == 1:
        return "can answer requests"
    times = "any number of times" if resp.max < 0 else f"up to {resp.max} times each"
    return f"can answer requests, {times}"


def _local(entry: str) -> tuple[str, str]:
    """Return the domain of a subject, and the subject as it is within."""
    match = _DOMAIN.fullmatch(entry)
    if match is None:
        return "", entry
    local = match[2]
    return match[1], local if local.startswith("$KV.") else f"{API}.{local}"


def _prefixed(local: str, domain: str) -> str:
    if not domain:
        return local
    return f"{REMOTE.format(domain=domain)}.{local.removeprefix(f'{API}.')}"


def _match(template: str, subject: str) -> dict[str, str] | None:
    """Return the names in a subject, or ``None`` if it is none of the template."""
    names: dict[str, str] = {}
    pattern = ""
    for text, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", template):
        pattern += re.escape(text)
        if name in names:
            pattern += f"(?P={name})"
        elif name:
            names[name] = ""
            pattern += f"(?P<{name}>{'.+' if name in _MULTIPLE else '[^.*>]+'})"
    match = re.fullmatch(pattern, subject)
    return match.groupdict() if match else None


def _overlap(template: str, entry: str) -> dict[str, str]:
    """Return the names that an entry with wildcards leaves in a template that it collides with."""
    names = {}
    tokens, entered = template.split("."), entry.split(".")
    is_open = entered[-1] == _ALL
    for index, token in enumerate(tokens):
        place = _PLACE.search(token)
        if place is None:
            continue
        name = place[1]
        any_one = _ALL if name in _MULTIPLE else "*"
        rest = entered[index:] if name in _MULTIPLE else entered[index : index + 1]
        is_any = not rest or (is_open and index >= len(entered) - 1)
        names[name] = any_one if is_any else ".".join(rest)
    return names


def _worded(words: str, names: Mapping[str, str]) -> str:
    nouns = {}
    for name, text in names.items():
        one, anything = NOUNS[name]
        nouns[name] = anything if text in ("*", _ALL) else one.format(text)
    return words.format(**nouns)


def _where(domain: str) -> str:
    return f" in domain {domain}" if domain else ""


def _subject(entry: str) -> str:
    return "everything" if entry == _ALL else entry


def _within(subject: str, pattern: str) -> bool:
    """Tell whether a pattern takes in all that a subject, itself perhaps a pattern, takes in."""
    tokens, wanted = subject.split("."), pattern.split(".")
    if wanted[-1] == _ALL:
        wanted.pop()
        if len(tokens) <= len(wanted):
            return False
    elif len(tokens) != len(wanted) or tokens[-1] == _ALL:
        return subject == pattern
    return all(want in ("*", have) for want, have in zip(wanted, tokens, strict=False)) and (
        _ALL not in tokens[: len(wanted)]
    )
