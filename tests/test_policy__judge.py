from __future__ import annotations

import pytest

from natsauth import Permission, Permissions
from natsauth.policy import Reason, Verdict
from natsauth.policy._installed import Installed, install
from natsauth.policy._judge import by_lists, filtering, to_publish, to_subscribe, withheld
from natsauth.policy._versions import LATEST, behaviour


def installed(
    allow: list[str] | None = None, deny: list[str] | None = None, server: str = LATEST
) -> Installed:
    lists = Permission(allow=allow, deny=deny)
    return install(
        Permissions(pub=lists, sub=lists), None, None, system=False, behaviour=behaviour(server)
    )


def test_an_answer_is_asked_for_only_where_the_lists_deny() -> None:
    asked: list[str] = []

    def respond(subject: str) -> Reason | None:
        asked.append(subject)
        return Reason.RESPONSE

    permissions = installed(["a"])
    assert to_publish(permissions, "a", None, respond)[1] is Reason.ALLOWED
    assert asked == []
    assert to_publish(permissions, "b", None, respond) == (Verdict.ALLOW, Reason.RESPONSE, None)
    assert to_publish(permissions, "_GR_.b", None, respond)[1] is Reason.SYSTEM_SUBJECT
    assert to_publish(permissions, "$NRG.b", None, respond)[1] is Reason.SYSTEM_SUBJECT
    assert asked == ["b", "$NRG.b"]


def test_why_there_is_no_answer_is_said() -> None:
    verdict = to_publish(installed(None, ["b"]), "b", None, lambda _: Reason.RESPONSE_USED_UP)
    assert verdict[:2] == (Verdict.DENY, Reason.RESPONSE_USED_UP)
    unknown = to_publish(installed(None, ["b"]), "b", None, lambda _: None)
    assert unknown[:2] == (Verdict.DENY, Reason.DENIED)


@pytest.mark.parametrize(
    ("subject", "reason", "rule"),
    [
        ("a.b", Reason.ALLOWED, "a.*"),
        ("a.x", Reason.DENIED, "*.x"),
        ("b", Reason.NOT_ALLOWED, None),
    ],
)
def test_lists_alone_decide(subject: str, reason: Reason, rule: str | None) -> None:
    _, found, by = by_lists(installed(["a.*"], ["*.x"]), subject)
    assert (found, by and by.text) == (reason, rule)


@pytest.mark.parametrize(
    ("allow", "queue", "reason"),
    [
        (["a"], None, Reason.ALLOWED),
        (["a"], "q", Reason.ALLOWED),
        (["a q"], None, Reason.QUEUE_ONLY),
        (["a q"], "q", Reason.ALLOWED),
        (["a q"], "r", Reason.QUEUE_NOT_ALLOWED),
        (["a", "a q"], None, Reason.ALLOWED),
        (["a", "a q"], "r", Reason.QUEUE_NOT_ALLOWED),
        (["> q", "a r"], "r", Reason.ALLOWED),
        (["* q", "a"], "r", Reason.QUEUE_NOT_ALLOWED),
        (["a *"], "q.x", Reason.QUEUE_NOT_ALLOWED),
        (["a >"], "q.x", Reason.ALLOWED),
        (["b", "b q"], "q", Reason.NOT_ALLOWED),
        (["a"], "_sys_", Reason.SYSTEM_QUEUE),
        (["a q"], "_sys_", Reason.QUEUE_NOT_ALLOWED),
    ],
)
def test_queue_groups(allow: list[str], queue: str | None, reason: Reason) -> None:
    # A list to publish takes no queue, but nobody asks it here.
    assert to_subscribe(installed(allow), ["a"], queue)[1] is reason


@pytest.mark.parametrize(
    ("deny", "queue", "denied"),
    [
        (["a"], None, True),
        (["a"], "q", True),
        (["a q"], None, False),
        (["a q"], "q", True),
        (["a q"], "r", False),
        (["a q.*"], "q.x", True),
        (["a *"], "q.x", False),
    ],
)
def test_denies_for_queue_groups(deny: list[str], queue: str | None, denied: bool) -> None:  # noqa: FBT001
    assert (to_subscribe(installed(None, deny), ["a"], queue)[0] is Verdict.DENY) is denied


def test_what_starts_the_filter_and_what_it_withholds() -> None:
    permissions = installed(None, ["a.b q", "a.c"])
    assert filtering(permissions, "a.b", ["a", "b"], None) == (False, None)
    assert filtering(permissions, "a.b", ["a", "b"], "z") == (True, None)
    starts, cut = filtering(permissions, "a.*", ["a", "*"], "q")
    assert starts
    assert cut == withheld(permissions, "a.b", "q")
    assert withheld(permissions, "a.b", None) is None
    assert filtering(installed(["a"]), "a.*", ["a", "*"], None) == (False, None)
    assert withheld(installed(["a"]), "a", None) is None
