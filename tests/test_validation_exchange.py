"""Imports and exports, alone and beside each other."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from natsauth.claims import (
    Activation,
    ActivationClaims,
    Export,
    Import,
    ServiceLatency,
    UserClaims,
)
from natsauth.subjects import is_contained_in
from natsauth.token import encode
from natsauth.validation import Issue, IssueCode, validate
from natsauth.validation.exchange import MAX_OVERLAPS
from tests._tokens import ACCOUNT, IAT, OTHER_ACCOUNT, USER
from tests._validation import account, errors, issues

EXPORTER = OTHER_ACCOUNT.public_key
IMPORT = "$.nats.imports[0]"
EXPORT = "$.nats.exports[0]"


def imports(*items: Import | None) -> list[tuple[str, str]]:
    return errors(account(imports=list(items)))


def exports(*items: Export | None) -> list[tuple[str, str]]:
    return errors(account(exports=list(items)))


def service(subject: str = "a", **fields: Any) -> Import:
    return Import(**{"subject": subject, "type": "service", "account": EXPORTER, **fields})


def stream(subject: str = "a", **fields: Any) -> Import:
    return service(subject, **{"type": "stream", **fields})


def export(kind: str, subject: str = "a", **fields: Any) -> Export:
    return Export(subject=subject, type=kind, **fields)


def activation(subject: str = "a", kind: str = "service", **fields: Any) -> str:
    signer, sub = fields.pop("signer", OTHER_ACCOUNT), fields.pop("sub", ACCOUNT.public_key)
    body = Activation(subject=subject, kind=kind, issuer_account=fields.pop("issuer_account", ""))
    return encode(ActivationClaims(sub=sub, nats=body, **fields), signer).encoded


# Imports


def test_good_imports() -> None:
    found = imports(
        service("a", share=True),
        service("b.*", local_subject="c.$1"),
        stream("d.>", local_subject="e.>", allow_trace=True),
        service("f", token=activation("f")),
    )
    assert found == []


def test_a_null_import() -> None:
    assert imports(None) == [(IssueCode.IMPORT_NULL, IMPORT)]


def test_an_empty_import() -> None:
    assert imports(Import()) == [
        (IssueCode.IMPORT_TYPE, f"{IMPORT}.type"),
        (IssueCode.IMPORT_ACCOUNT, f"{IMPORT}.account"),
        (IssueCode.SUBJECT_EMPTY, f"{IMPORT}.subject"),
    ]


def test_what_only_one_type_has() -> None:
    assert imports(service(allow_trace=True)) == [(IssueCode.IMPORT_TRACE, f"{IMPORT}.allow_trace")]
    assert imports(stream(share=True)) == [(IssueCode.IMPORT_SHARE, f"{IMPORT}.share")]


def test_to_is_deprecated() -> None:
    assert issues(account(imports=[stream(to="b")])) == (
        Issue(IssueCode.IMPORT_TO, f"{IMPORT}.to", "deprecated in favour of local_subject",
              blocking=False, time_check=False),
    )  # fmt: skip
    found = issues(account(imports=[stream(to="b", local_subject="c")]))
    assert [(issue.code, issue.blocking) for issue in found] == [
        (IssueCode.IMPORT_TO, False),
        (IssueCode.IMPORT_TO_AND_LOCAL, True),
    ]


@pytest.mark.parametrize(
    ("subject", "local", "codes"),
    [
        ("a.*", "$1.b", []),
        ("a.*", "b", [IssueCode.RENAMING_WILDCARD_COUNT]),
        ("a.*", "$2", [IssueCode.RENAMING_REFERENCE, IssueCode.RENAMING_WILDCARD_COUNT]),
        ("a.>", "b", [IssueCode.RENAMING_FULL_WILDCARD]),
        ("a", "b c", [IssueCode.SUBJECT_SPACE, IssueCode.SUBJECT_SPACE]),
    ],
)
def test_local_subjects(subject: str, local: str, codes: list[IssueCode]) -> None:
    found = imports(stream(subject, local_subject=local))
    assert found == [(code, f"{IMPORT}.local_subject") for code in codes]


def test_a_local_subject_of_nothing() -> None:
    assert imports(stream("", local_subject="b")) == [
        (IssueCode.SUBJECT_EMPTY, f"{IMPORT}.subject"),
        (IssueCode.RENAMING_SOURCE_EMPTY, f"{IMPORT}.local_subject"),
    ]


# Activation tokens


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        activation() + "\n",
        activation()[:-4],
        encode(UserClaims(sub=USER.public_key), OTHER_ACCOUNT).encoded,
    ],
)
def test_no_activation_token(token: str) -> None:
    assert imports(service(token=token)) == [(IssueCode.IMPORT_TOKEN, f"{IMPORT}.token")]


def test_the_token_is_not_repeated() -> None:
    token = activation()[:-4]
    (issue,) = issues(account(imports=[service(token=token)]))
    assert token[:20] not in issue.message


def test_an_expired_token_is_for_the_server_to_see() -> None:
    claims = account(imports=[service(token=activation(exp=1))])
    assert validate(claims, now=IAT).issues == ()


def test_a_signing_key_names_its_account() -> None:
    token = activation(signer=ACCOUNT, issuer_account=EXPORTER)
    assert imports(service(token=token)) == []


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (activation(signer=ACCOUNT), IssueCode.IMPORT_TOKEN_ISSUER),
        (activation(sub=EXPORTER), IssueCode.IMPORT_TOKEN_TARGET),
        (activation(kind="stream"), IssueCode.IMPORT_TOKEN_TYPE),
        (activation("b"), IssueCode.IMPORT_TOKEN_SUBJECT),
    ],
)
def test_a_token_for_something_else(token: str, code: IssueCode) -> None:
    assert imports(service(token=token)) == [(code, f"{IMPORT}.token")]


def test_a_token_has_the_rules_of_activations() -> None:
    token = activation("", "", issuer_account=USER.public_key)
    assert imports(service(token=token)) == [
        (IssueCode.IMPORT_TOKEN_TYPE, f"{IMPORT}.token"),
        (IssueCode.ACTIVATION_TYPE, f"{IMPORT}.token.kind"),
        (IssueCode.SUBJECT_EMPTY, f"{IMPORT}.token.subject"),
        (IssueCode.ISSUER_ACCOUNT, f"{IMPORT}.token.issuer_account"),
        (IssueCode.IMPORT_TOKEN_SUBJECT, f"{IMPORT}.token"),
    ]


@pytest.mark.parametrize(
    ("item", "covered"),
    [
        (service("x", to="a"), True),
        (service("a", to="x"), False),
        (stream("a", to="x"), True),
        (stream("x", to="a"), False),
        (service("a", local_subject="x"), True),
    ],
)
def test_the_subject_that_the_token_covers(item: Import, *, covered: bool) -> None:
    item.token = activation("a", item.type)
    codes = {issue.code for issue in issues(account(imports=[item]))}
    assert (IssueCode.IMPORT_TOKEN_SUBJECT in codes) is not covered


# Overlapping imports


def test_overlaps_are_between_services_of_one_account() -> None:
    assert imports(service("a.*"), service("a.b", account=ACCOUNT.public_key)) == []
    assert imports(stream("a.*"), stream("a.b"), service("a.b")) == []
    expected = [(IssueCode.IMPORT_OVERLAP, "$.nats.imports[1]")]
    assert imports(service("a.*"), service("a.b")) == expected
    assert imports(service("a.b"), service("a.*")) == expected


@pytest.mark.parametrize(
    "item", [service("x.*", local_subject="a.$1"), service("a.x"), service("a.x", local_subject="")]
)
def test_the_local_subjects_overlap(item: Import) -> None:
    assert imports(service("a.>"), item) == [(IssueCode.IMPORT_OVERLAP, "$.nats.imports[1]")]


def test_to_is_the_local_subject_that_counts() -> None:
    claims = account(imports=[service("a.>"), service("a.x", to="y")])
    assert validate(claims).errors == ()


def test_an_equal_subject_overlaps_twice() -> None:
    assert imports(*[service("a")] * 3) == [
        (IssueCode.IMPORT_OVERLAP, f"$.nats.imports[{index}]") for index in (1, 1, 2, 2)
    ]


def test_a_repetition_overlaps_with_what_came_between() -> None:
    found = Counter(path for _, path in imports(service("a"), service(">"), service("a")))
    assert found == {"$.nats.imports[1]": 1, "$.nats.imports[2]": 3}


def test_each_overlap_counts_as_in_go() -> None:
    rng = random.Random(1)  # noqa: S311 - no secret
    subjects = [".".join(rng.choices("ab*", k=rng.randint(1, 3))) for _ in range(60)]
    expected = 0
    for index, subject in enumerate(subjects):
        earlier = dict.fromkeys(subjects[:index])
        expected += subject in earlier
        expected += sum(
            is_contained_in(subject, other) or is_contained_in(other, subject) for other in earlier
        )
    assert len(imports(*map(service, subjects))) == expected


def test_overlaps_are_reported_up_to_a_number() -> None:
    items = [service(">"), *(service(f"a{n}") for n in range(MAX_OVERLAPS + 50))]
    assert len(imports(*items)) == MAX_OVERLAPS


# Exports


def test_good_exports() -> None:
    found = exports(
        export("service", "a", response_type="Stream", response_threshold=1, allow_trace=True),
        export("service", "b", response_type="Chunked"),
        export("service", "c", response_type="Singleton"),
        export("service", "d.*.>", account_token_position=2),
        export("service", "e", service_latency=ServiceLatency(sampling=100, results="l")),
        export("service", "f", service_latency=ServiceLatency(results="l")),
        export("stream", "a", token_req=True, advertise=True),
    )
    assert found == []


def test_a_null_export() -> None:
    assert exports(None) == [(IssueCode.EXPORT_NULL, EXPORT)]


def test_an_empty_export() -> None:
    assert exports(Export()) == [
        (IssueCode.EXPORT_TYPE, f"{EXPORT}.type"),
        (IssueCode.SUBJECT_EMPTY, f"{EXPORT}.subject"),
    ]


def test_responses_are_of_services() -> None:
    expected = [(IssueCode.RESPONSE_TYPE, f"{EXPORT}.response_type")]
    assert exports(export("service", response_type="singleton")) == expected
    assert exports(export("stream", response_type="Singleton")) == expected
    assert exports(export("", response_type="x"))[1:] == []


def test_traces_are_of_services() -> None:
    assert exports(export("stream", allow_trace=True)) == [
        (IssueCode.EXPORT_TRACE, f"{EXPORT}.allow_trace")
    ]


def test_latency_is_of_services() -> None:
    latency = ServiceLatency(sampling=1, results="l")
    assert exports(export("stream", service_latency=latency)) == [
        (IssueCode.LATENCY_OF_STREAM, f"{EXPORT}.service_latency")
    ]


@pytest.mark.parametrize("sampling", [-1, 101, 2**40])
def test_sampling_is_a_percentage(sampling: int) -> None:
    latency = ServiceLatency(sampling=sampling, results="l")
    assert exports(export("service", service_latency=latency)) == [
        (IssueCode.LATENCY_SAMPLING, f"{EXPORT}.service_latency.sampling")
    ]


def test_results_of_latency_are_published() -> None:
    at = f"{EXPORT}.service_latency.results"
    for results, code in (
        ("", IssueCode.SUBJECT_EMPTY),
        ("a.*", IssueCode.LATENCY_RESULTS_WILDCARD),
    ):
        latency = ServiceLatency(sampling=1, results=results)
        assert exports(export("service", service_latency=latency)) == [(code, at)]


@pytest.mark.parametrize(("kind", "threshold"), [("service", -1), ("stream", 1), ("stream", -1)])
def test_thresholds_are_of_services(kind: str, threshold: int) -> None:
    assert exports(export(kind, response_threshold=threshold)) == [
        (IssueCode.RESPONSE_THRESHOLD, f"{EXPORT}.response_threshold")
    ]


@pytest.mark.parametrize(("subject", "position"), [("a", 1), ("a.*", 1), ("a.*", 3), ("a.>", 2)])
def test_the_account_stands_in_a_wildcard(subject: str, position: int) -> None:
    assert exports(export("service", subject, account_token_position=position)) == [
        (IssueCode.ACCOUNT_TOKEN_POSITION, f"{EXPORT}.account_token_position")
    ]


def test_overlaps_are_between_exports_of_one_type() -> None:
    assert exports(export("service", "a.*"), export("stream", "a.b")) == []
    for kind in ("service", "stream"):
        found = exports(export(kind, "a.b"), export(kind, "a.*"), export(kind, "a.c"))
        assert found == [(IssueCode.EXPORT_OVERLAP, "$.nats.exports[1].subject")]


def test_exports_without_type_overlap_with_streams() -> None:
    found = exports(export("", "a.b"), export("stream", "a.>"))
    assert (IssueCode.EXPORT_OVERLAP, "$.nats.exports[1].subject") in found


def test_equal_exports_overlap_once() -> None:
    assert exports(*[export("stream", "a")] * 3) == [
        (IssueCode.EXPORT_OVERLAP, "$.nats.exports[0].subject")
    ]


def test_exports_that_contain_each_other() -> None:
    assert exports(export("stream", "a.*"), export("stream", "a.>")) == [
        (IssueCode.EXPORT_OVERLAP, "$.nats.exports[0].subject"),
        (IssueCode.EXPORT_OVERLAP, "$.nats.exports[1].subject"),
    ]
