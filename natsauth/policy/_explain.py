"""Decisions in words: what the server says, and what a person wants to know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from natsauth._redact import without_seeds
from natsauth.policy._judge import SYSTEM_QUEUE, to_publish, to_subscribe
from natsauth.policy._server_text import quoted
from natsauth.policy._trie import is_subject
from natsauth.policy.decision import Origin, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from natsauth.policy._rules import RuleList
    from natsauth.policy.decision import Decision, Rule

_SHOWN: Final = 5
"""How many entries are named before the rest is counted."""
_SYNTAX, _LEAF_SYNTAX = "Invalid Subject", "Invalid Subscription"
_ERRORS: Final = {
    Reason.CONNECTION_REFUSED: "Authorization Violation",
    Reason.INVALID_SUBJECT: _SYNTAX,
    Reason.SUBSCRIPTION_LIMIT: "maximum subscriptions exceeded",
    Reason.PAYLOAD_LIMIT: "Maximum Payload Violation",
}
_CLOSING: Final = (Reason.DENIED, Reason.NOT_ALLOWED)
_ACTS = {"publish": "Publishing to", "subscribe": "Subscribing to", "deliver": "Delivering"}


def error(decision: Decision) -> str:
    """Return what the server sends as ``-ERR``, or an empty string."""
    if text := _ERRORS.get(decision.reason):
        return _LEAF_SYNTAX if decision.installed.leaf and text == _SYNTAX else text
    if decision.verdict is not Verdict.DENY or decision.operation == "deliver":
        return ""
    if decision.reason is Reason.RESERVED_REPLY:
        return f"Permissions Violation for Publish with Reply of {quoted(decision.reply or '')}"
    if decision.operation == "publish":
        return f"Permissions Violation for Publish to {quoted(decision.checked)}"
    has_group = decision.queue and not decision.installed.leaf
    group = f" using queue {quoted(decision.queue or '')}" if has_group else ""
    return f"Permissions Violation for Subscription to {quoted(decision.subject)}{group}"


def explain(decision: Decision) -> str:
    """Return the verdict and its reason in plain words, with the cure where there is one."""
    words = _WORDS[decision.reason](decision)
    is_closed = decision.installed.leaf and decision.reason in _CLOSING
    if is_closed and decision.operation != "deliver":
        words += " The server closes the connection of a leaf node for it."
    return without_seeds(f"{_mapped(decision)}{words}")


def _mapped(decision: Decision) -> str:
    if decision.destinations:
        targets = [
            f"{_name(d.checked)} ({'allowed' if d else 'denied'})" for d in decision.destinations
        ]
        return (
            f"The account maps {_name(decision.subject)} to one of {_listed(targets)}, which the "
            "server draws for each message. "
        )
    if decision.checked != decision.subject:
        return (
            f"The account maps {_name(decision.subject)} to {_name(decision.checked)}, and only "
            "that is checked. "
        )
    return ""


def _unrestricted(decision: Decision) -> str:
    denied, side = _deny_list(decision), _side(decision)
    if denied is None:
        return f"{_subject(decision)} is allowed: nothing restricts the user's {side}."
    return (
        f"{_subject(decision)} is allowed: no list says what may be, and no entry of "
        f"{denied.written.path} matches."
    )


def _allowed(decision: Decision) -> str:
    text = f"{_subject(decision)} is allowed by {_rule(decision.rule)}."
    pattern = decision.rule.text.partition(" ")[0] if decision.rule else ""
    asks_all = decision.operation == "subscribe" and decision.subject.split(".")[-1] == ">"
    if asks_all and pattern.split(".")[-1] == "*":
        text += (
            " A final '*' admits '>', so everything below comes, however deep; "
            f"{_name(pattern + '.>')} in sub.deny would withhold what is deeper."
        )
    return text


def _response(decision: Decision) -> str:
    return (
        f"{_subject(decision)} is allowed, as the answer to a request; resp gives leave for that."
    )


def _denied(decision: Decision) -> str:
    text = f"{_subject(decision)} is denied by {_rule(decision.rule)}."
    rule = decision.rule
    if rule is None or rule.origin is Origin.SERVER:
        return text
    asked, pattern = decision.checked.split("."), rule.text.partition(" ")[0].split(".")
    if decision.operation == "subscribe" and asked[-1] == ">" and pattern[-1] == "*":
        text += " What is asked for is read literally, so a '*' there takes the '>', too."
    return text + " A deny wins over whatever is allowed; narrow or remove it."


def _not_allowed(decision: Decision) -> str:
    allowed = _allow_list(decision)
    if allowed is None:
        return f"{_subject(decision)} is denied."
    path = allowed.written.path
    if path.endswith(".resp"):
        cure = f"Add {_name(decision.checked)} to pub.allow, or a pattern that takes it."
        return (
            f"{_subject(decision)} is denied: {path} gives leave to answer requests, and beside "
            f"that nothing is allowed. {_and_then(decision, cure)}"
        )
    if allowed.rules:
        entries = _listed([repr(rule.text) for rule in allowed.rules])
        text = f"{_subject(decision)} is denied: no entry of {path} matches; it has {entries}."
    else:
        text = f"{_subject(decision)} is denied: {path} has no entry that allows anything."
    if decision.installed.leaf and allowed.has_queues:
        text += " Entries for queue groups allow a leaf node nothing, and hide those tried later."
    if allowed.ignored and not (decision.installed.leaf and decision.operation == "publish"):
        ignored = _listed([repr(rule.text) for rule in allowed.ignored])
        text += f" The server ignores {ignored} there, as no good subject."
    return f"{text} {_and_then(decision, _cure(decision, allowed))}"


def _and_then(decision: Decision, cure: str) -> str:
    """Return a cure with what denies it even then, if anything does."""
    otherwise = _if_allowed(decision)
    if otherwise.reason is Reason.SYSTEM_SUBJECT:
        return f"No entry helps: {_system_subject(otherwise)}"
    return cure if otherwise else f"{cure} Even then: {_WORDS[otherwise.reason](otherwise)}"


def _if_allowed(decision: Decision) -> Decision:
    """Return the decision as it would be if everything were allowed that is not denied."""
    installed = replace(decision.installed, pub_allow=None, sub_allow=None)
    if installed.leaf:
        from natsauth.policy.leaf import LeafEvaluator

        ask = LeafEvaluator.publish if decision.operation == "publish" else LeafEvaluator.subscribe
        return ask(LeafEvaluator(installed), decision.checked)
    if decision.operation == "publish":
        outcome = to_publish(installed, decision.checked, decision.reply, None)
    else:
        outcome = to_subscribe(installed, decision.checked.split("."), decision.queue)
    verdict, reason, rule = outcome
    return decision._replace(verdict=verdict, reason=reason, rule=rule, installed=installed)


def _cure(decision: Decision, allowed: RuleList) -> str:
    """Return what would allow it as far as the list goes, or that nothing would."""
    subject = decision.checked
    is_publish = decision.operation == "publish"
    longer = allowed.plain([*subject.split("."), "x"])
    if "" in subject.split("."):
        taker = "subscriber" if decision.installed.leaf and is_publish else "entry"
        cure = f"No {taker} takes a subject with an empty token."
    elif decision.queue == SYSTEM_QUEUE:
        cure = "That queue group is the servers' own anyway."
    elif is_publish and decision.installed.resp is not None:
        cure = "resp allows it only to answer a request that came with this reply subject."
    elif is_publish and subject.startswith(("_INBOX.", "_R_.")):
        cure = "To answer requests, give the user resp, the leave to respond."
    elif not is_subject(subject):
        pattern = ".".join(t if t != ">" and is_subject(t) else "*" for t in subject.split("."))
        cure = f"An entry of that text would be ignored: add a pattern such as {_name(pattern)}."
    elif longer is not None and longer.text.endswith(">"):
        cure = f"{longer.text!r:.200} takes at least one token more: add {_name(subject)} itself."
    elif subject.startswith("_INBOX."):
        cure = "Who sends requests needs an inbox for the answers: add a prefix of the user's own "
        cure += "that its client is told, or '_INBOX.>', which is everybody's."
    else:
        with_group = decision.queue and allowed.has_queues and not decision.installed.leaf
        entry = f"{subject} {decision.queue}" if with_group else subject
        cure = f"Add {_name(entry)}, or a pattern that takes it."
    return cure


def _queue_only(decision: Decision) -> str:
    cure = f"Subscribe with the queue, or add {_name(decision.subject)}."
    return (
        f"{_subject(decision)} is denied without a queue group: {_rule(decision.rule)} allows it "
        f"to that group only. {_and_then(decision, cure)}"
    )


def _queue_not_allowed(decision: Decision) -> str:
    cure = f"Add {_name(f'{decision.subject} {decision.queue}')}."
    return (
        f"{_subject(decision)} is denied: for this subject {_rule(decision.rule)} names a queue "
        "group, after which entries without one hold for no group, and no entry names this. "
        f"{_and_then(decision, cure)}"
    )


def _system_subject(decision: Decision) -> str:
    prefix = decision.checked.partition(".")[0]
    return (
        f"{_subject(decision)} is denied, whatever is allowed: subjects that start with "
        f"'{prefix}.' are for the servers among themselves."
    )


def _reserved_reply(decision: Decision) -> str:
    return (
        f"{_subject(decision)} would be allowed, but not with the reply subject "
        f"{_name(decision.reply or '')}: such subjects are the server's own. Reply to an inbox."
    )


def _used_up(decision: Decision) -> str:
    resp = decision.installed.resp
    count = resp.max if resp else 0
    times = "once" if count == 1 else f"{count} times"
    return (
        f"{_subject(decision)} is denied: resp lets the request be answered {times}, and that is "
        "used up. A second delivery of a request with the same reply uses it, too."
    )


def _expired(decision: Decision) -> str:
    resp = decision.installed.resp
    seconds = resp.ttl / 1e9 if resp else 0
    return (
        f"{_subject(decision)} is denied: resp lets a request be answered within {seconds:g} "
        "seconds, and they are over."
    )


def _subscription_limit(decision: Decision) -> str:
    limit = max(decision.installed.limits.subs, 0)
    return (
        f"{_subject(decision)} is denied: the connection has {limit} subscriptions, and may have "
        "no more. Raise subs of the user, its role or the account, -1 for unlimited."
    )


def _payload_limit(decision: Decision) -> str:
    limit = decision.installed.limits.payload
    allowed = f"more than {limit:,} bytes" if limit >= 0 else "messages, even empty ones"
    return (
        f"{_subject(decision)} is denied, and the server closes the connection: {allowed} are too "
        "much. Raise payload of the user, its role or the account, -1 for unlimited."
    )


def _filtered(decision: Decision) -> str:
    return f"{_subject(decision)} is accepted, but what {_rule(decision.rule)} matches is withheld."


def _pruned(decision: Decision) -> str:
    allowed = _allow_list(decision)
    entries = [repr(rule.text) for rule in allowed.rules] if allowed else []
    return (
        f"{_subject(decision)} is accepted from a leaf node, but only what an entry of sub.allow "
        f"takes comes; it has {_listed(entries) or 'none'}."
    )


def _withheld(decision: Decision) -> str:
    return f"{_subject(decision)} is withheld by {_rule(decision.rule)}."


def _not_denied(decision: Decision) -> str:
    return f"{_subject(decision)} is allowed: no entry of sub.deny matches it."


def _jetstream_only(decision: Decision) -> str:
    return (
        f"{_subject(decision)} is allowed: no entry of sub.deny matches it. But the subscription "
        "does not take this subject: only JetStream delivers it there, as to the inbox of a "
        "consumer. An ordinary message never comes."
    )


def _filter_off(decision: Decision) -> str:
    return (
        f"{_subject(decision)} is allowed, although {_rule(decision.rule)} matches: the server "
        "compares what it delivers with sub.deny only after the connection has subscribed, with "
        "a wildcard or a queue group, to something that a deny overlaps."
    )


def _subscription_refused(decision: Decision) -> str:
    reason = f" by {_rule(decision.rule)}" if decision.rule else ""
    return f"Nothing is delivered: the subscription itself is refused{reason}."


def _invalid_subject(decision: Decision) -> str:
    return (
        f"{_name(decision.subject)} is permitted, but nothing that can be subscribed to: a token "
        "is empty, or '>' is not the last one."
    )


def _unsendable(decision: Decision) -> str:
    return (
        f"{_name(decision.subject)}, its queue or its reply cannot be sent: it is empty, or has a "
        "blank, a tab, a line break, or no form in UTF-8."
    )


def _refused(decision: Decision) -> str:
    return (
        "The server refuses the connection, so that nothing is allowed: "
        f"{decision.installed.refused}."
    )


def _subject(decision: Decision) -> str:
    group = f" in the queue group {_name(decision.queue)}" if decision.queue else ""
    return f"{_ACTS[decision.operation]} {_name(decision.checked)}{group}"


def _rule(rule: Rule | None) -> str:
    """Return a rule with where it stands, as part of a sentence."""
    if rule is None:
        return "no entry"
    text = f"{rule.text!r:.200}"
    if rule.origin is Origin.SERVER and rule.path.endswith(".allow"):
        return (
            f"{text}, which the server adds because {rule.path} of the account comes to nothing "
            "with the name and the tags of this user"
        )
    if rule.origin is Origin.SERVER:
        whom = f"accounts with an auth callout ({rule.path})" if rule.path else "leaf nodes"
        return f"{text}, which the server adds for {whom}"
    where = {
        Origin.USER: rule.path,
        Origin.SCOPE: f"{rule.path} of the account, the template of the user's signing key",
        Origin.ACCOUNT: f"{rule.path}, the defaults of the account",
    }[rule.origin]
    written = "" if rule.source == rule.text else f", written {rule.source!r:.200}"
    return f"{text}{written} ({where})"


def _allow_list(decision: Decision) -> RuleList | None:
    installed = decision.installed
    return installed.pub_allow if decision.operation == "publish" else installed.sub_allow


def _deny_list(decision: Decision) -> RuleList | None:
    installed = decision.installed
    return installed.pub_deny if decision.operation == "publish" else installed.sub_deny


def _side(decision: Decision) -> str:
    return "publishing" if decision.operation == "publish" else "subscribing"


def _name(text: str) -> str:
    return f"{text!r:.200}" if text else "nothing"


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(f"{text:.200}" for text in texts[:_SHOWN])
    more = len(texts) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


_WORDS: Final[dict[Reason, Callable[[Decision], str]]] = {
    Reason.UNRESTRICTED: _unrestricted,
    Reason.ALLOWED: _allowed,
    Reason.RESPONSE: _response,
    Reason.NOT_DENIED: _not_denied,
    Reason.JETSTREAM_ONLY: _jetstream_only,
    Reason.FILTER_OFF: _filter_off,
    Reason.DENIED: _denied,
    Reason.NOT_ALLOWED: _not_allowed,
    Reason.QUEUE_ONLY: _queue_only,
    Reason.QUEUE_NOT_ALLOWED: _queue_not_allowed,
    Reason.SYSTEM_QUEUE: lambda d: (
        f"{_subject(d)} is denied, whatever is allowed: that group is the servers' own."
    ),
    Reason.SYSTEM_SUBJECT: _system_subject,
    Reason.RESERVED_REPLY: _reserved_reply,
    Reason.RESPONSE_USED_UP: _used_up,
    Reason.RESPONSE_EXPIRED: _expired,
    Reason.SUBSCRIPTION_LIMIT: _subscription_limit,
    Reason.PAYLOAD_LIMIT: _payload_limit,
    Reason.FILTERED: _filtered,
    Reason.PRUNED: _pruned,
    Reason.WITHHELD: _withheld,
    Reason.SUBSCRIPTION_REFUSED: _subscription_refused,
    Reason.INVALID_SUBJECT: _invalid_subject,
    Reason.UNSENDABLE: _unsendable,
    Reason.CONNECTION_REFUSED: _refused,
}
