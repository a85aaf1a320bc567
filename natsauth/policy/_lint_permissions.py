"""Rules of lint about lists of permissions, as nats-server 2.15.1 applies them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from natsauth.policy._lint_entries import ONE, REST, Patterns
from natsauth.policy._lint_report import LintCode, LintFinding, Severity
from natsauth.validation.collector import shown
from natsauth.validation.templates import template_functions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from natsauth.policy._lint_entries import Entry, Grant

    Rule = Callable[[Grant], Iterator[LintFinding]]

INBOX = "_INBOX"
_UPDATE = ("$SYS", "REQ", "CLAIMS", "UPDATE")


def final_star(grant: Grant) -> Iterator[LintFinding]:
    """Find a final ``*`` by which a client may subscribe to any depth."""
    allowed, denied = Patterns(grant.sub_allow), Patterns(grant.sub_deny)
    # A '*' of the deny list matches '>', too.
    shut = Patterns(entry._replace(tokens=entry.widest) for entry in grant.sub_deny)
    texts = {entry.text for entry in grant.sub_allow + grant.sub_deny}
    for entry in grant.sub_allow:
        if entry.tokens[-1] != ONE or not (entry.is_plain or entry.is_template):
            continue
        wider, deeper = ".".join(entry.widest), (*entry.tokens, REST)
        refusing = chain(shut.covering(entry.widest), denied.covering(deeper))
        if any(deny.holds_for(entry.queue) for deny in refusing):
            continue
        if any(other.queue in ("", entry.queue) for other in allowed.covering(deeper)):
            continue  # the depth is allowed anyway
        if not {wider, ".".join(deeper)}.isdisjoint(texts):
            continue  # the same between templates
        message = f"a client that subscribes to {shown(wider)} is let in by {shown(entry.text)}, "
        if wider == REST:
            message += "and gets every message of the account, those to all inboxes too"
        else:
            message += "and gets deeper subjects, too"
        if any(allowed.overlapping(deeper)):
            cure = "name the subjects in place of the '*'"
        else:
            cure = f"add {shown('.'.join(deeper))} to sub.deny"
        hint = f"end it in '>' if that is meant; otherwise {cure}"
        yield LintFinding(LintCode.FINAL_STAR, Severity.WARNING, entry.path, message, hint)


def literal_wildcards(grant: Grant) -> Iterator[LintFinding]:
    """Find ``*`` and ``>`` beside other characters of a token, where they are no wildcards."""
    for entry in grant.entries:
        subject = template_functions(entry.text)[0].partition(" ")[0]
        tokens = subject.split(".")
        if not any({ONE, REST} & {*token} for token in tokens if len(token) > 1):
            continue
        is_deny = ".deny[" in entry.path
        message = f"{shown(entry.text)} {'denies' if is_deny else 'allows'} only what is written "
        message += "in exactly this way: beside other characters '*' and '>' are no wildcards"
        hint = "make the wildcard a token of its own, as in 'orders.*' or 'orders.>'"
        severity = Severity.ERROR if is_deny else Severity.WARNING
        yield LintFinding(LintCode.LITERAL_WILDCARD, severity, entry.path, message, hint)


def allows_everything(grant: Grant) -> Iterator[LintFinding]:
    """Find directions without bounds."""
    hint = "list what is needed in allow"
    for way, verb, limited, entries, denied, deny in (
        ("pub", "publish", grant.limits_pub, grant.pub_allow, grant.pub_denied, grant.pub_deny),
        ("sub", "subscribe", grant.sub_allow, grant.sub_allow, grant.sub_denied, grant.sub_deny),
    ):
        everything = [entry for entry in entries if entry.tokens == (REST,) and not entry.queue]
        if limited and not everything:
            continue
        path = everything[0].path if everything else f"{grant.path}.{way}"
        if any(denied.covering((REST,))):
            continue
        but = " but what deny lists" if deny else ""
        message = f"may {verb} to everything in the account{but}"
        yield LintFinding(LintCode.ALLOWS_EVERYTHING, Severity.INFO, path, message, hint)


def system_subjects(grant: Grant) -> Iterator[LintFinding]:
    """Find what reaches the requests by which a system account rules its servers."""
    hint = "name the requests that are needed, as in $SYS.REQ.USER.INFO"
    rules = "in the system account it may replace the JWT of every account; in another one it may "
    rules += "ask who is connected to the account"
    reads = "in the system account it reads what others ask of the servers, pushed JWTs too"
    for entries, severity, message in (
        (grant.pub_allow, Severity.WARNING, rules),
        (grant.sub_allow, Severity.INFO, reads),
    ):
        for entry in entries:
            if entry.tokens[0] == _UPDATE[0] and any(Patterns([entry]).covering(_UPDATE)):
                yield LintFinding(LintCode.SYSTEM_SUBJECTS, severity, entry.path, message, hint)


def shared_inbox(grant: Grant) -> Iterator[LintFinding]:
    """Find the inbox prefix that everybody has."""
    if any(grant.sub_denied.covering((INBOX, REST))):
        return
    for entry in grant.sub_allow:
        if entry.is_plain and entry.widest == (INBOX, REST) and not entry.queue:
            message = f"whoever has {shown(entry.text)} can read the answers to everybody else's "
            message += "requests in the account"
            hint = own_inbox(grant)
            yield LintFinding(LintCode.SHARED_INBOX, Severity.INFO, entry.path, message, hint)


def own_inbox(grant: Grant) -> str:
    """Return how to give users an inbox that nobody else reads."""
    own = "_INBOX.{{subject()}}" if grant.is_template else "_INBOX.alice"
    return f"allow each user an inbox of its own, as in '{own}.>', and tell its client that prefix"


def useless_entries(grant: Grant) -> Iterator[LintFinding]:
    """Find entries that change nothing: denied altogether, never asked for, or denied already."""
    for allow, deny, allowed in (
        (grant.sub_allow, grant.sub_deny, grant.subscribable),
        (grant.pub_allow, grant.pub_deny, grant.publishable),
    ):
        denied = Patterns(deny)
        for entry in allow:
            if entry.is_plain and (by := _first(denied, entry)):
                message = f"{shown(entry.text)} allows nothing: deny refuses all of it, by "
                message += f"{shown(by.text)}"
                hint = "remove one of the two"
                yield LintFinding(
                    LintCode.ALLOW_DENIED, Severity.WARNING, entry.path, message, hint
                )
        is_known = allow and all(entry.is_plain for entry in allow)
        for entry in deny:
            if not entry.is_plain:
                continue
            if is_known and not any(allowed.overlapping(entry.tokens)):
                message = f"{shown(entry.text)} denies what is not allowed anyway"
                hint = "remove it, unless allow is to grow"
                yield LintFinding(
                    LintCode.DENY_WITHOUT_EFFECT, Severity.INFO, entry.path, message, hint
                )
            elif by := _first(denied, entry):
                message = f"{shown(entry.text)} adds nothing: {shown(by.text)} denies all of it"
                yield LintFinding(
                    LintCode.DENY_SHADOWED, Severity.INFO, entry.path, message, "remove it"
                )


def queue_groups(grant: Grant) -> Iterator[LintFinding]:
    """Find queue groups that change what other entries mean, or less than they seem to."""
    plain = Patterns(entry for entry in grant.sub_allow if not entry.queue)
    of_any = Patterns(entry for entry in grant.sub_allow if entry.queue == REST)
    for entry in grant.sub_allow:
        if not entry.is_plain or not entry.queue or any(of_any.covering(entry.tokens)):
            continue
        if other := next(plain.overlapping(entry.tokens), None):
            message = "here only queue groups that are listed may be joined, such as "
            message += f"{shown(entry.queue)}, while {shown(other.text)} goes on to allow "
            message += "subscribing without a group"
            hint = f"remove {shown(other.text)} to allow nothing but the group, or this entry to "
            hint += "allow any group"
            yield LintFinding(LintCode.QUEUE_EXCLUSIVE, Severity.WARNING, entry.path, message, hint)
    for entry in grant.sub_deny:
        if not entry.is_plain or not entry.queue:
            continue
        if any(grant.sub_denied.covering(entry.tokens)):
            continue
        if not grant.sub_allow or any(plain.overlapping(entry.tokens)):
            subject = ".".join(entry.tokens)
            message = f"{shown(entry.text)} denies that queue group alone: {shown(subject)} may be "
            message += "subscribed to without it"
            hint = f"deny {shown(subject)} to refuse it altogether"
            yield LintFinding(LintCode.QUEUE_DENY, Severity.INFO, entry.path, message, hint)


def templates_outside(grant: Grant) -> Iterator[LintFinding]:
    """Find templates where the server fills none in."""
    if grant.is_template:
        return
    for entry in grant.entries:
        if entry.is_template:
            message = f"{shown(entry.text)} is literal text here: servers fill in the templates of "
            message += "scoped signing keys only"
            hint = "put it into the template of a scoped signing key, which signs the user"
            yield LintFinding(
                LintCode.TEMPLATE_OUTSIDE_SCOPE, Severity.WARNING, entry.path, message, hint
            )


def _first(patterns: Patterns, entry: Entry) -> Entry | None:
    """Return another entry that covers one and its queue group, or ``None``."""
    return next(
        (
            other
            for other in patterns.covering(entry.tokens)
            if other.holds_for(entry.queue) and other.path != entry.path
        ),
        None,
    )


RULES: tuple[Rule, ...] = (
    final_star,
    literal_wildcards,
    allows_everything,
    system_subjects,
    shared_inbox,
    useless_entries,
    queue_groups,
    templates_outside,
)
