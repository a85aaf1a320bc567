"""Rules of lint about requests, answers and JetStream, as nats-server 2.15.1 treats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.policy._lint_entries import ONE, REST, Patterns, overlap
from natsauth.policy._lint_permissions import INBOX, own_inbox
from natsauth.policy._lint_report import LintCode, LintFinding, Severity
from natsauth.validation.collector import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsauth.policy._lint_entries import Entry, Grant
    from natsauth.policy._lint_permissions import Rule

_API = ("$JS", "API")
_REQUESTS = (_API, ("$SYS", "REQ"))
_INBOXES = (INBOX, REST)
_STREAM = "{}"
_READING = [
    tuple(subject.split("."))
    for subject in (
        "$JS.API.STREAM.CREATE.{}",
        "$JS.API.STREAM.UPDATE.{}",
        "$JS.API.STREAM.SNAPSHOT.{}",
        "$JS.API.STREAM.MSG.GET.{}",
        "$JS.API.DIRECT.GET.{}",
        "$JS.API.DIRECT.GET.{}.>",
        "$JS.API.CONSUMER.CREATE.{}",
        "$JS.API.CONSUMER.CREATE.{}.>",
        "$JS.API.CONSUMER.DURABLE.CREATE.{}.*",
        "$JS.API.CONSUMER.MSG.NEXT.{}.*",
    )
]
"""The requests whose answers bring messages of a stream, or lead to them."""
_ANY_STREAM = ("STREAM", "CREATE"), ("STREAM", "UPDATE")
_DELETE = (*_API, "STREAM", "DELETE", ONE)


def inbox(grant: Grant) -> Iterator[LintFinding]:
    """Find who may send requests and get no answers."""
    sub_allow, has_no_inbox = grant.sub_allow, False
    if any(grant.sub_denied.covering(_INBOXES)):
        has_no_inbox = not any("inbox" in entry.text.lower() for entry in sub_allow)
    elif sub_allow:
        has_no_inbox = not (
            any(grant.subscribable.overlapping(_INBOXES))
            or any("inbox" in entry.text.lower() for entry in sub_allow)
        )
    if not has_no_inbox or (grant.limits_pub and not grant.pub_allow):
        return
    if any(grant.pub_denied.covering((REST,))):
        return
    asking = [e for e in grant.pub_allow if e.tokens[:2] in _REQUESTS]
    hint = own_inbox(grant)
    if asking:
        message = f"{shown(asking[0].text)} asks for answers, which no inbox is allowed to receive"
        severity, path = Severity.WARNING, asking[0].path
    else:
        message = "no inbox may be subscribed to, so requests get no answers"
        severity, path = Severity.INFO, f"{grant.path}.sub"
    yield LintFinding(LintCode.INBOX_MISSING, severity, path, message, hint)


def responses(grant: Grant) -> Iterator[LintFinding]:
    """Find services that may not answer."""
    if grant.permissions.resp is not None or not grant.sub_allow or grant.may_publish("_R_.>"):
        return
    served = [
        service.text
        for entry in grant.sub_allow
        if grant.home and entry.is_plain
        for service in grant.home.services.overlapping(entry.widest)
    ]
    groups = [entry for entry in grant.sub_allow if entry.queue]
    answers = grant.may_publish_some(_INBOXES)
    hint = "set resp, which allows answers and nothing else"
    if served:
        message = (
            f"other accounts that import the service {shown(served[0])} get no answers: theirs go "
        )
        message += "to '_R_.>'"
        severity = Severity.WARNING
    elif groups and not answers:
        message = f"a service of the queue group {shown(groups[0].queue)} may not answer requests"
        severity = Severity.INFO
    elif answers and any(e.tokens[0] == INBOX for e in grant.pub_allow):
        message = "answers go to requests of the same account only; of others they go to '_R_.>'"
        severity = Severity.INFO
    else:
        return
    path = f"{grant.path}.pub"
    yield LintFinding(LintCode.RESPONSES_MISSING, severity, path, message, hint)


def resp(grant: Grant) -> Iterator[LintFinding]:
    """Find what a leave to answer changes beside answers."""
    if grant.permissions.resp is None:
        return
    path = f"{grant.path}.resp"
    if not grant.pub_allow:
        message = "with resp and no pub.allow, nothing may be published but answers"
        hint = "list in pub.allow what else may be published, or '>'"
        yield LintFinding(LintCode.RESP_ALONE, Severity.INFO, path, message, hint)
    if grant.pub_deny:
        denies_all = all(entry.tokens == (REST,) for entry in grant.pub_deny)
        message = "answers go where the request says, to what pub.deny lists too: whoever may send "
        message += "it a request can have it publish there"
        hint = "answer over a subject of pub.allow without resp, where the denied subjects matter"
        severity = Severity.INFO if denies_all else Severity.WARNING
        yield LintFinding(LintCode.RESP_OVERRIDES_DENY, severity, path, message, hint)


def jetstream(grant: Grant) -> Iterator[LintFinding]:
    """Find requests to JetStream that bring what may not be subscribed to."""
    data = [e for e in grant.sub_deny if e.is_plain and not e.tokens[0].startswith(("$", INBOX))]
    bypassed = not any(entry.tokens == (REST,) for entry in data) and data
    words = {token.casefold() for entry in data for token in entry.tokens}
    for entry in grant.pub_allow:
        if entry.tokens[:1] != _API[:1] or not (entry.is_plain or entry.is_template):
            continue
        if any(grant.pub_denied.covering(entry.tokens)):
            continue
        streams = [stream for api in _READING if (stream := _stream(entry, api))]
        if bypassed and streams:
            yield _around(entry, data, words, streams)
        elif any(Patterns([entry]).covering(_DELETE)):
            if streams:
                message = "may read, change and delete every stream of the account, whatever the "
                message += "permissions to subscribe say"
                hint = "name the requests and streams, as in '$JS.API.CONSUMER.MSG.NEXT.ORDERS.*'"
            else:
                message = "may delete every stream of the account"
                hint = "name the streams, as in '$JS.API.STREAM.DELETE.ORDERS'"
            yield LintFinding(
                LintCode.JETSTREAM_EVERYTHING, Severity.INFO, entry.path, message, hint
            )
    may_have_jetstream = grant.home is None or grant.home.has_jetstream
    is_implied = not any(entry.tokens[0] == _API[0] for entry in grant.pub_allow)
    if bypassed and may_have_jetstream and is_implied and grant.may_publish("$JS.API.>"):
        severity = Severity.INFO if grant.home is None else Severity.WARNING
        message = f"{shown(data[0].text)} is denied, but with JetStream in the account a stream "
        message += "or consumer brings it, which anybody may ask for who may publish everything"
        hint = "deny publishing to '$JS.API.>', or allow only the requests that are needed"
        at = f"{grant.path}.pub"
        yield LintFinding(LintCode.JETSTREAM_AROUND_DENY, severity, at, message, hint)


def _stream(entry: Entry, api: tuple[str, ...]) -> str:
    """Return the stream that an entry may make a request of; ``*`` for any, empty for none."""
    if not overlap(entry.tokens, tuple(ONE if token == _STREAM else token for token in api)):
        return ""
    if api[2:4] in _ANY_STREAM or api.index(_STREAM) >= len(entry.tokens):
        return ONE  # a new stream takes any subjects
    stream = entry.tokens[api.index(_STREAM)]
    return ONE if stream == REST else stream


def _around(entry: Entry, data: list[Entry], words: set[str], streams: list[str]) -> LintFinding:
    likely = ONE in streams or any(stream.casefold() in words for stream in streams)
    message = f"{shown(entry.text)} brings what a stream holds, {shown(data[0].text)} too if it "
    message += "is there: sub.deny does not hold for what an inbox receives"
    hint = "name streams and consumers that hold nothing denied, and grant no create or update"
    severity = Severity.WARNING if likely else Severity.INFO
    return LintFinding(LintCode.JETSTREAM_AROUND_DENY, severity, entry.path, message, hint)


RULES: tuple[Rule, ...] = (inbox, responses, resp, jetstream)
