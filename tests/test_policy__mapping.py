from __future__ import annotations

import pytest

from natsauth import WeightedMapping
from natsauth.policy._mapping import MAX_CHARACTERS, MAX_TARGETS, Mappings


def become(source: str, target: str, subject: str) -> list[str]:
    return Mappings({source: [WeightedMapping(subject=target)]}).targets(subject)


@pytest.mark.parametrize(
    ("source", "target", "subject", "expected"),
    [
        ("a", "b", "a", "b"),
        ("a", "$x", "a", "$x"),
        ("a.*", "b.$1", "a.x", "b.x"),
        ("a.*.*", "b.$2.$1", "a.x.y", "b.y.x"),
        ("a.*", "b.{{wildcard(1)}}", "a.x", "b.x"),
        ("a.*", "b.{{Wildcard(1)}}", "a.x", "b.x"),
        ("a.*", "b.{{wildcard(0)}}", "a.x", "b.a"),
        ("a.>", "b.>", "a.x.y", "b.x.y"),
        ("*.a.>", "b.$1.>", "x.a.y.z", "b.x.y.z"),
        (">", "pre.>", "x.y", "pre.x.y"),
        ("a.*", "b.{{partition(10,1)}}", "a.x", "b.5"),
        ("a.*", "b.{{partition(3)}}", "a.x", "b.2"),
        ("a", "b.{{partition(0)}}", "a", "b.0"),
        ("a.*", "b.{{partition(-4294967296)}}", "a.x", "b.0"),  # 0 in 32 bits
        ("a.*", "b.{{partition(-2147483648)}}", "a.x", "b.713825786"),
        ("a.*", "b.{{random(-4294967296)}}", "a.x", "b.0"),
        # What looks like the subject in a mapping of its own is not looked at.
        ("abc.def", "b.{{partition(100)}}", "abc.def", "b.61"),
        ("*a", "b.{{partition(100)}}", "b", "b.77"),
        # Of several functions in one token, that of the kind that comes first.
        ("a.*", "b.{{partition(3)}}{{wildcard(1)}}", "a.x", "b.x"),
        ("a.*", "b.{{split(1,-)}}{{left(1,1)}}", "a.x-y", "b.x"),
        ("a.*", "b.{{wildcard(\n1)}}{{partition(1)}}", "a.x", "b.0"),
        ("a.*", "b.{{wildcard(1 {{\nwildcard\n(1)\n}}", "a.x", "b.x"),
        ("a.*", "b.{{\x0bwildcard(1)}}", "a.x", "a.x"),
        ("a.*", "b.{{wildcard(-99999999999)}}", "a.x", "b.a"),
        ("a.*", "b.{{split(1,-)}}", "a.x-y", "b.x.y"),
        ("a.*", "b.{{split(1,-)}}", "a.-x--y-", "b.x.y"),
        ("a.*", "b.{{split(1,)}}", "a.xyz", "b.x.y.z"),
        ("a.*", "b.{{SplitFromLeft(1,2)}}", "a.vwxyz", "b.vw.xyz"),
        ("a.*", "b.{{splitFromRight(1,2)}}", "a.vwxyz", "b.vwx.yz"),
        ("a.*", "b.{{splitfromleft(1,9)}}", "a.xyz", "b.xyz"),
        ("a.*", "b.{{sliceFromLeft(1,2)}}", "a.vwxyz", "b.vw.xy.z"),
        ("a.*", "b.{{sliceFromRight(1,2)}}", "a.vwxyz", "b.v.wx.yz"),
        ("a.*", "b.{{sliceFromRight(1,2)}}", "a.wxyz", "b.wx.yz"),
        ("a.*", "b.{{left(1,2)}}", "a.xyz", "b.xy"),
        ("a.*", "b.{{Right(1,2)}}", "a.xyz", "b.yz"),
        ("a.*", "b.{{right(1,9)}}", "a.xyz", "b.xyz"),
        ("a.*", "b.{{sliceFromLeft(1,1)}}", "a.é", "b.\udcc3.\udca9"),
        ("a.*", "b.$1", "a.b.c", "a.b.c"),
        ("a.*", "b.$1", "a.>", "a.>"),
        ("a.*", "b.$1", "a.*", "b.*"),
    ],
)
def test_a_subject_becomes_the_target(
    source: str, target: str, subject: str, expected: str
) -> None:
    assert become(source, target, subject) == [expected]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a", ""),
        ("a", "b..c"),
        ("a", "b.*"),
        ("a", "b.>"),
        ("a.>", "b"),
        ("a", "b.$1"),
        ("a", "b c"),
        ("a.*", "b.$2"),
        ("a.*", "b.{{wildcard()}}"),
        ("a.*", "b.{{wildcard(x)}}"),
        ("a.*", "b.{{wildcard(1,2)}}"),
        ("a.*", "b.{{nothing(1)}}"),
        ("a.*", "b.{{partition(x)}}"),
        ("a.*", "b.{{partition(10,2)}}"),
        ("a.*", "b.{{partition(99999999999)}}"),
        ("a.*", "b.{{left(1,-2147483649)}}"),
        ("a.*", "b.{{left(1)}}{{right(1,1)}}x)}}"),
        ("a.*", "b.{{split(1)}}"),
        ("a.*", "b.{{split(1,a b)}}"),
        ("a.*", "b.{{random(1,2)}}"),
        ("a.>.b", "b.>"),
    ],
)
def test_a_mapping_that_the_server_does_not_take_maps_nothing(source: str, target: str) -> None:
    subject = source.replace("*", "x").replace(">", "y")
    assert become(source, target, subject) == [subject]


def test_weights_leave_the_rest_as_it_is() -> None:
    half = WeightedMapping(subject="b", weight=50)
    assert Mappings({"a": [half]}).targets("a") == ["b", "a"]
    assert Mappings({"a": [half, WeightedMapping(subject="c", weight=50)]}).targets("a") == [
        "b",
        "c",
    ]
    # Where the source is a target, what is missing is lost.
    own = WeightedMapping(subject="a", weight=20)
    assert Mappings({"a": [half, own]}).targets("a") == ["b", "a", ""]


def test_what_looks_like_a_function_in_the_source_is_one_in_the_rest() -> None:
    rare = WeightedMapping(subject="b", weight=1)
    assert Mappings({"a.$1.*": [rare]}).targets("a.$1.x") == ["b", "a.x.x"]
    assert Mappings({"a.$1": [rare]}).targets("a.$1") == ["a.$1"]
    assert Mappings({"a.$2.*": [rare]}).targets("a.$2.x") == ["a.$2.x"]
    assert Mappings({"*a": [rare]}).targets("b") == ["b", "*a"]


def test_weights_beyond_all_map_nothing() -> None:
    for weights in ((101,), (60, 60), (0, 1)):
        targets = [WeightedMapping(subject=f"b{w}{i}", weight=w) for i, w in enumerate(weights)]
        assert Mappings({"a": targets}).targets("a") == ["a"]
    twice = [WeightedMapping(subject="b", weight=10)] * 2
    assert Mappings({"a": twice}).targets("a") == ["a"]


def test_other_clusters_have_targets_of_their_own() -> None:
    east = WeightedMapping(subject="b", cluster="east")
    assert Mappings({"a": [east]}).targets("a") == ["b", "a"]
    both = [east, WeightedMapping(subject="c")]
    assert Mappings({"a": both}).targets("a") == ["b", "c"]


def test_of_several_mappings_that_fit_each_may_be_taken() -> None:
    found = Mappings(
        {"a.*": [WeightedMapping(subject="b")], "*.x": [WeightedMapping(subject="c")], "n": None}
    )
    assert found.targets("a.x") == ["b", "c"]
    assert found.targets("n") == ["n"]


def test_a_subject_of_its_own_mapping_is_looked_at_only_after_another_mapping() -> None:
    found = Mappings(
        {
            "abc.def": [WeightedMapping(subject="b.{{partition(100)}}")],
            "x.y": [WeightedMapping(subject="c")],
        }
    )
    assert found.targets("abc.def") == ["b.61", "b.74"]


def test_random_tokens_are_listed_up_to_a_limit() -> None:
    assert become("a", "b.{{random(3)}}", "a") == ["b.0", "b.1", "b.2"]
    assert become("a", "b.{{random(0)}}", "a") == ["b.0"]
    endless = become("a", "{{random(2147483647)}}.{{random(-2147483647)}}", "a")
    assert len(endless) == MAX_TARGETS


@pytest.mark.parametrize("target", ["b.{{left(1,1)}}", "b.{{ Right( 1,1 ) }}"])
def test_older_servers_leave_out_what_cuts_tokens(target: str) -> None:
    mappings = {"a.*": [WeightedMapping(subject=target)]}
    assert Mappings(mappings, cuts_tokens=False).targets("a.xy") == ["a.xy"]
    assert Mappings(mappings).targets("a.xy") != ["a.xy"]


@pytest.mark.timeout(60)  # what is not bounded takes hours
def test_what_costs_much_is_bounded() -> None:
    assert become("a.*", "{{left(" * 100_000 + "}}", "a.x") == ["a.x"]
    assert become("a.*", "{{left( ) " * 100_000 + "}}", "a.x") == ["a.x"]
    assert become("a.*", "{{left(\n" * 100_000 + "}}", "a.x") == ["a.x"]
    # So many random tokens, and such a long one, would be gigabytes.
    assert len(become("a", ".".join(["{{random(1000)}}"] * 50_000), "a")) > 1
    long = become("a", "x" * 1_000_000 + ".{{random(1000)}}", "a")
    assert MAX_CHARACTERS <= sum(map(len, long)) <= MAX_CHARACTERS + 2_000_000
