from __future__ import annotations

import pytest

from natsauth import Permission, UserPermissionLimits
from natsauth.claims import ResponsePermission
from natsauth.policy._templates import MAX_SUBJECTS, Entry, Expanded, expand
from tests._policy import ACCOUNT, USER, scoped


def expanded(
    allow: list[str] | None = None,
    deny: list[str] | None = None,
    *,
    name: str = "bob",
    tags: list[str] | None = None,
    account_tags: list[str] | None = None,
) -> Expanded:
    template = UserPermissionLimits(pub=Permission(allow=allow, deny=deny))
    user, account = scoped(template, name=name, tags=tags)
    account.nats.tags = account_tags
    return expand(template, user, account)


def allowed(entry: str, **given: object) -> list[str] | None:
    return expanded([entry, "always"], **given).permissions.pub.allow  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "subject"),
    [
        ("u.{{name()}}.>", "u.bob.>"),
        ("u.{{ NAME() }}", "u.bob"),
        ("{{\u3000name()\x85}}", "bob"),  # blanks to Go
        ("{{\u017fubject()}}", USER),  # Go folds the long s, too
        ("x{{name()}}y", "xboby"),
        ("{{subject()}}", USER),
        ("{{account-name()}}", "Acme"),
        ("{{account-subject()}}", ACCOUNT),
        ("{{name()}}.{{name()}}", "bob.bob"),
        ("{name()}", "{name()}"),
        ("{{}}", "{{}}"),
        ("{{name()", "{{name()"),
    ],
)
def test_functions_are_filled_in(entry: str, subject: str) -> None:
    assert allowed(entry) == [subject, "always"]


@pytest.mark.parametrize(
    ("name", "subject"),
    [("a.b", "u.a.b"), ("*", "u.*"), (">", "u.>"), ("{{subject()}}", "u.{{subject()}}")],
)
def test_a_name_may_be_anything(name: str, subject: str) -> None:
    assert allowed("u.{{name()}}", name=name) == [subject, "always"]


@pytest.mark.parametrize("name", ["", "a b", "a\tb", ".a", ">.a", "a."])
def test_an_entry_that_makes_no_subject_is_dropped(name: str) -> None:
    assert allowed("{{name()}}.x", name=name) == ["always"]


def test_a_name_is_filled_in_by_functions_that_follow() -> None:
    name = "{{subject()}}"
    assert allowed("{{name()}}.{{subject()}}", name=name) == [f"{USER}.{USER}", "always"]
    assert allowed("{{subject()}}.{{name()}}", name=name) == [f"{USER}.{name}", "always"]


@pytest.mark.parametrize(
    ("entry", "subjects"),
    [
        ("d.{{tag(dept)}}", ["d.a", "d.B:c"]),
        ("d.{{TAG(dept)}}", []),
        ("d.{{Account-Tag(dept)}}", []),
        ("d.{{tag(DEPT)}}", ["d.a", "d.B:c"]),
        ("d.{{tag( dept )}}", []),
        ("d.{{account-tag(org)}}", ["d.1", "d.2"]),
        ("{{tag(dept)}}.{{tag(dept)}}", ["a.a", "a.a", "B:c.B:c", "B:c.B:c"]),
        ("{{tag(dept)}}.{{ tag(dept)}}", ["a.a", "a.B:c", "B:c.a", "B:c.B:c"]),
        ("{{tag()}}", ["x"]),
        ("{{tag(İ)}}", ["dotted"]),
        ("{{tag(none)}}", []),
    ],
)
def test_tags_give_a_subject_for_each_value(entry: str, subjects: list[str]) -> None:
    tags = ["dept:a", "other", "dept:B:c", "Dept:no", ":x", "i:dotted"]
    found = allowed(entry, tags=tags, account_tags=["org:1", "org:2"])
    assert found == [*subjects, "always"]


@pytest.mark.parametrize(
    "entry", ["{{foo()}}", "{{name}}", "{{name( )}}", "{{{name()}}}", "{{tag}}", "{{ }}"]
)
def test_an_unknown_function_is_a_problem(entry: str) -> None:
    found = expanded(["ok"], ["a", entry])
    assert "is no template function" in found.problem
    assert found.path == "pub.deny[1]"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{{tag(x)}}", "needs a tag x:"),
        ("{{name()}}.", "comes out as 'bob.'"),
    ],
)
def test_a_deny_that_makes_no_subject_is_a_problem(entry: str, problem: str) -> None:
    assert problem in expanded(deny=[entry]).problem
    assert problem in expanded(deny=["{{name()}}", entry]).problem


def test_plain_entries_beside_functions_must_be_subjects() -> None:
    assert expanded(["{{name()}}", "w q", "a.>.b", "c..d", ""]).permissions.pub.allow == ["bob"]
    assert expanded(deny=["{{name()}}", "w q"]).path == "pub.deny[1]"
    assert expanded(["w q", "a..b"]).permissions.pub.allow == ["w q", "a..b"]


def test_an_allow_list_of_which_nothing_is_left_denies_everything() -> None:
    found = expanded(["{{tag(x)}}"], ["secret"])
    assert found.permissions.pub == Permission(allow=[], deny=["secret", ">"])
    assert found.entries["pub.deny"] == [Entry("secret", 0), Entry(">", None)]
    assert expanded(["{{tag(x)}}"], [">"]).permissions.pub.deny == [">"]
    assert expanded([]).permissions.pub == Permission(allow=[])


def test_each_entry_names_its_source() -> None:
    found = expanded(["no..{{name()}}", "{{tag(x)}}", "p"], tags=["x:1", "x:2"])
    assert found.entries["pub.allow"] == [Entry("1", 1), Entry("2", 1), Entry("p", 2)]
    assert found.entries["sub.allow"] is None


def test_a_list_with_tags_has_a_limit() -> None:
    tags = [f"{name}:{n}" for name in "abc" for n in range(16)]
    product = "{{tag(a)}}.{{tag(b)}}.{{tag(c)}}"
    assert len(expanded([product], tags=tags).entries["pub.allow"] or ()) == MAX_SUBJECTS
    assert "longer than 4096" in expanded([product, "{{tag(a)}}"], tags=tags).problem
    assert "longer than 4096" in expanded([product], tags=[*tags, "a:16"]).problem
    # Entries without tags are not counted before they stand there.
    assert not expanded([product, "{{name()}}", "p"], tags=tags).problem
    assert "longer" in expanded(["{{tag(a)}}" * 4_000], tags=tags).problem


def test_the_first_problem_is_the_one_that_the_server_meets_first() -> None:
    template = UserPermissionLimits(
        pub=Permission(allow=["{{pub()}}"]), sub=Permission(deny=["{{sub()}}"])
    )
    found = expand(template, *scoped(template))
    assert found.path == "sub.deny[0]"
    assert found.permissions.pub.allow == ["{{pub()}}"]


def test_everything_else_passes_untouched() -> None:
    resp = ResponsePermission(max=3)
    template = UserPermissionLimits(sub=Permission(allow=["a q"], deny=[]), resp=resp)
    found = expand(template, *scoped(template)).permissions
    assert found.resp == resp
    assert found.sub == Permission(allow=["a q"], deny=[])
    assert found.pub == Permission()


@pytest.mark.timeout(60)  # what is not bounded takes hours
@pytest.mark.parametrize(
    ("entry", "name", "refused"),
    [
        ("{{name()}}" * 30, "{{name()}}{{name()}}", True),
        ("{{name()}}" * 60_000, "x" * 500_000, True),
        ("{{name()}}" * 60_000, "x", True),
        ("{{tag(x)}}" * 12 + "a" * 500_000, "x", True),
        ("{{tag(x)}}" * 12 + "{{name()}}" * 30_000, "", True),
        ("{{tag(x)}}" * 60_000, "x", True),
        ("{" * 500_000, "x", False),
        ("{{name()}}" + "{{a}" * 100_000, "x", False),
        ("{{name()}}." * 100 + "x", "x" * 100, False),
    ],
    ids=range(9),
)
def test_what_costs_much_is_refused(entry: str, name: str, *, refused: bool) -> None:
    found = expanded([entry], name=name, tags=["x:1", "x:2", *map(str, range(50_000))])
    assert ("too" in found.problem) is refused
    assert len(found.problem) < 1_000


def test_lists_as_long_as_a_token_may_be_are_filled_in() -> None:
    template = [f"orders.{{{{name()}}}}.{{{{tag(x)}}}}.{number}" for number in range(4_000)]
    assert len(expanded(template, tags=["x:1"], deny=template).entries["pub.allow"] or ()) == 4_000
