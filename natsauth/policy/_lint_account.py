"""Rules of lint about permissions in their account: its mappings, defaults and templates."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from natsauth.claims.signing_keys import UserScope
from natsauth.policy._lint_entries import ONE, REST, overlap
from natsauth.policy._lint_report import LintCode, LintFinding, Severity
from natsauth.policy._templates import LISTS, expand
from natsauth.subjects import renamed, subject_problems
from natsauth.validation.collector import shown
from natsauth.validation.templates import template_functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.claims import AccountClaims, UserClaims, WeightedMapping
    from natsauth.policy._lint_entries import Entry, Grant, Tokens
    from natsauth.policy._lint_permissions import Rule

_WHOLE = 100
_TAGS = ("tag", "account-tag")
_ONE_TOKEN = ("wildcard(", "partition(")


def mapped_allow(grant: Grant) -> Iterator[LintFinding]:
    """Find what is allowed, and mapped to what is not before the server looks."""
    for entry, source, destinations in _mapped(grant, grant.pub_allow):
        refused = [to for to in destinations if not grant.may_publish_some(to)]
        if refused:
            message = (
                f"the account maps {shown(source)} to {_joined(destinations)} before it looks "
            )
            message += f"for permission, and {_joined(refused)} is not allowed"
            hint = f"allow {_joined(refused)} in place of it"
            yield LintFinding(LintCode.MAPPED_ALLOW, Severity.WARNING, entry.path, message, hint)


def mapped_deny(grant: Grant) -> Iterator[LintFinding]:
    """Find what is denied, and mapped to what is not before the server looks."""
    for entry, source, destinations in _mapped(grant, grant.pub_deny):
        is_open = any(grant.may_publish_some(to) for to in destinations)
        if is_open and not any(overlap(entry.tokens, to) for to in destinations):
            message = f"does not keep anybody from publishing to {shown(source)}: the account maps "
            message += f"it to {_joined(destinations)} before it looks for permission"
            hint = f"deny {_joined(destinations)}"
            yield LintFinding(LintCode.MAPPED_DENY, Severity.WARNING, entry.path, message, hint)


def _mapped(grant: Grant, entries: list[Entry]) -> Iterator[tuple[Entry, str, list[Tokens]]]:
    """Yield entries with subjects that the account maps to something else, and to what."""
    for entry in entries:
        if grant.home and entry.is_plain and entry.tokens != (REST,):
            for source in grant.home.mappings.overlapping(entry.tokens):
                if found := _destinations(source.text, grant.home.targets(source.text)):
                    yield entry, source.text, found


def defaults_off(grant: Grant) -> Iterator[LintFinding]:
    """Find permissions that, by being there, lift what the account's defaults restrict."""
    defaults = grant.home and grant.home.defaults
    if not (defaults and defaults.is_set and grant.is_set) or grant.path == defaults.path:
        return
    hint = "list here what the defaults list, or leave every permission out"
    for way, verb, is_open, denied, theirs, is_limited in (
        (
            "pub", "publish", not grant.limits_pub, grant.pub_denied,
            defaults.pub_deny, defaults.limits_pub,
        ),
        (
            "sub", "subscribe", not grant.sub_allow, grant.sub_denied,
            defaults.sub_deny, bool(defaults.sub_allow),
        ),
    ):  # fmt: skip
        if not is_open or any(denied.covering((REST,))):
            continue
        lifted = [e for e in theirs if e.is_plain and not any(denied.covering(e.tokens))]
        if is_limited or lifted:
            what = "what they do not allow" if is_limited else shown(lifted[0].text)
            message = "any permission here turns the account's default permissions off, so that "
            message += f"their restrictions do not hold: may {verb} to {what}"
            path = f"{grant.path}.{way}"
            yield LintFinding(LintCode.DEFAULTS_OFF, Severity.WARNING, path, message, hint)


RULES: tuple[Rule, ...] = (mapped_allow, mapped_deny, defaults_off)


def filled_in(
    user: UserClaims, scope: UserScope, path: str, account: AccountClaims
) -> Iterator[LintFinding]:
    """Find what a user's name and tags, or the account's, make of the templates of a scope.

    Args:
        user: Signed by the key of the scope.
        scope: The scope.
        path: Where its template stands in the claims of the account.
        account: The account.
    """
    expanded = expand(scope.template, user, account)
    if expanded.problem:
        message = f"the server refuses this user: {expanded.problem}"
        list_name, _, position = expanded.path.rstrip("]").partition("[")
        hint = _spelled(attrgetter(list_name)(scope.template)[int(position)])
        hint = hint or (
            "give the user the name and tags that the template needs, or change the template"
        )
        at = f"{path}.{expanded.path}"
        yield LintFinding(LintCode.TEMPLATE_REFUSED, Severity.ERROR, at, message, hint)
        return
    for name in LISTS:
        written = attrgetter(name)(scope.template) or ()
        found: dict[int | None, list[str]] = {}
        for text, index in expanded.entries[name] or ():
            found.setdefault(index, []).append(text)
        for index, entry in enumerate(written):
            if template_functions(entry)[1]:
                at = f"{path}.{name}[{index}]"
                yield from _compare(at, entry, found.get(index, []))


def _compare(path: str, entry: str, subjects: Sequence[str]) -> Iterator[LintFinding]:
    """Compare what an entry became with what it is when each function yields one plain token."""
    plain, _ = template_functions(entry)
    if not subjects and not (" " in plain or subject_problems(plain)):
        message = (
            f"{shown(entry)} gives this user nothing: what it names is missing, or is no token"
        )
        hint = _spelled(entry) or "give the user, or the account, that name or tag"
        yield LintFinding(LintCode.TEMPLATE_VALUE, Severity.WARNING, path, message, hint)
    tokens = plain.split(".")
    hint = "take '.', '*' and '>' out of names and tags; {{subject()}} has none of them"
    for subject in subjects:
        parts = subject.split(".")
        if sum(map(parts.count, (ONE, REST))) > sum(map(tokens.count, (ONE, REST))):
            message = f"{shown(entry)} becomes {shown(subject)} for this user: a name or tag is a "
            message += "wildcard"
            yield LintFinding(LintCode.TEMPLATE_WILDCARD, Severity.ERROR, path, message, hint)
            return
    for subject in subjects:
        if len(subject.split(".")) > len(tokens):
            message = f"{shown(entry)} becomes {shown(subject)} for this user, of more tokens than "
            message += "are written"
            yield LintFinding(LintCode.TEMPLATE_TOKENS, Severity.WARNING, path, message, hint)
            return


def _spelled(entry: str) -> str:
    """Return the cure of a tag that no server finds, however the user is tagged; else nothing."""
    heads = [function.strip().partition("(")[0] for function in template_functions(entry)[1]]
    wrong = [head for head in heads if head.lower() in _TAGS and head not in _TAGS]
    return f"write {wrong[0].lower()}(…) in lower case, or servers find no tag" if wrong else ""


def _joined(patterns: Sequence[Tokens]) -> str:
    return shown(" or ".join(".".join(tokens) for tokens in patterns))


def _destinations(source: str, targets: Sequence[WeightedMapping]) -> list[Tokens]:
    """Return where messages may go, as patterns; nothing if that cannot be told."""
    found = []
    for target in targets:
        tokens = renamed(target.subject).split(".")
        for at, token in enumerate(tokens):
            if token.startswith("{{"):
                if not token[2:].strip().lower().startswith(_ONE_TOKEN):
                    return []  # it may become several tokens
                tokens[at] = ONE
        found.append(tuple(tokens))
    total = sum(target.weight or _WHOLE for target in targets if not target.cluster)
    if targets and total < _WHOLE:
        found.append(tuple(source.split(".")))  # the rest stays where it is
    return found


def scopes(account: AccountClaims) -> Iterator[tuple[str, UserScope]]:
    """Yield the scoped signing keys, with the paths of their templates."""
    for index, key in enumerate(account.nats.signing_keys or ()):
        if isinstance(key, UserScope):
            yield f"$.nats.signing_keys[{index}].template", key
