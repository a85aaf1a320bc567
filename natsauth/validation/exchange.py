"""Rules of imports and exports."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain, islice
from typing import TYPE_CHECKING

from natsauth.claims import ActivationClaims
from natsauth.claims.exchange import CHUNKED, SERVICE, SINGLETON, STREAM, STREAMED
from natsauth.errors import ClaimsError, TokenError
from natsauth.keys import KeyType
from natsauth.subjects import has_wildcards, is_contained_in, renamed, renaming_problems
from natsauth.token import decode
from natsauth.validation.activation import check_activation_body
from natsauth.validation.collector import shown
from natsauth.validation.common import check_info, check_revocations
from natsauth.validation.overlaps import containments, members
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from natsauth.claims import Export, Import, ServiceLatency
    from natsauth.validation.collector import Collector

MAX_OVERLAPS = 1000
"""How many overlaps between imports are reported: there can be one for each pair of them."""


def check_imports(issues: Collector, imports: Sequence[Import | None], account: str) -> None:
    """Check the imports of the account with a public key."""
    overlaps = _import_overlaps(imports)
    for index, item in enumerate(imports):
        at = f"$.nats.imports[{index}]"
        if item is None:
            issues.error(IssueCode.IMPORT_NULL, at, "the import is null")
            continue
        for other in overlaps[index]:
            message = f"overlaps with {shown(other)}, imported from the same account"
            issues.error(IssueCode.IMPORT_OVERLAP, at, message)
        _check_import(issues, at, item)
        if item.token:
            _check_token(issues, f"{at}.token", item, account)


def check_exports(issues: Collector, exports: Sequence[Export | None]) -> None:
    """Check the exports of an account."""
    services: list[tuple[str, str]] = []
    streams: list[tuple[str, str]] = []
    for index, export in enumerate(exports):
        at = f"$.nats.exports[{index}]"
        if export is None:
            issues.error(IssueCode.EXPORT_NULL, at, "the export is null")
            continue
        (services if export.type == SERVICE else streams).append((f"{at}.subject", export.subject))
        _check_export(issues, at, export)
        check_revocations(issues, f"{at}.revocations", export.revocations, KeyType.ACCOUNT)
    for kind, subjects in ((SERVICE, services), (STREAM, streams)):
        _check_export_overlaps(issues, kind, subjects)


def _check_import(issues: Collector, at: str, item: Import) -> None:
    is_service = item.type == SERVICE
    if not item.type:
        issues.error(IssueCode.IMPORT_TYPE, f"{at}.type", "neither a stream nor a service")
    if is_service and item.allow_trace:
        message = "only a stream's messages may be traced on"
        issues.error(IssueCode.IMPORT_TRACE, f"{at}.allow_trace", message)
    if not item.account:
        issues.error(IssueCode.IMPORT_ACCOUNT, f"{at}.account", "the exporting account is missing")
    if item.to:
        issues.warning(IssueCode.IMPORT_TO, f"{at}.to", "deprecated in favour of local_subject")
    issues.subject(f"{at}.subject", item.subject)
    if item.local_subject:
        problems = renaming_problems(item.local_subject, item.subject)
        issues.findings(f"{at}.local_subject", problems)
        if item.to:
            issues.error(IssueCode.IMPORT_TO_AND_LOCAL, f"{at}.to", "local_subject replaces it")
    if item.share and not is_service:
        message = "only the exporter of a service learns who asks"
        issues.error(IssueCode.IMPORT_SHARE, f"{at}.share", message)


def _check_token(issues: Collector, at: str, item: Import, account: str) -> None:
    """Check an activation token against its import. That it expired is for the server to see."""
    try:
        claims = decode(item.token, ActivationClaims).claims
    except (TokenError, ClaimsError) as error:
        issues.error(IssueCode.IMPORT_TOKEN, at, f"not an activation token: {error}")
        return
    activation = claims.nats
    if item.account not in (claims.iss, activation.issuer_account):
        message = f"issued by {shown(claims.iss)}, not by the exporting account"
        issues.error(IssueCode.IMPORT_TOKEN_ISSUER, at, message)
    if claims.sub != account:
        message = f"issued to {shown(claims.sub)}, not to this account"
        issues.error(IssueCode.IMPORT_TOKEN_TARGET, at, message)
    if activation.kind != item.type:
        message = f"for the type {activation.kind!r}, the import has {item.type!r}"
        issues.error(IssueCode.IMPORT_TOKEN_TYPE, at, message)
    check_activation_body(issues, at, activation)
    subject = item.to if item.type == SERVICE and item.to else item.subject
    if not is_contained_in(subject, activation.subject):
        message = f"for {shown(activation.subject)}, which does not cover {shown(subject)}"
        issues.error(IssueCode.IMPORT_TOKEN_SUBJECT, at, message)


def _import_overlaps(imports: Sequence[Import | None]) -> dict[int, list[str]]:
    """Return for each import of a service the subjects of earlier ones that it overlaps with."""
    by_account = defaultdict(list)
    for index, item in enumerate(imports):
        if item is not None and item.type == SERVICE:
            local = item.to or renamed(item.local_subject) or item.subject
            by_account[item.account].append((index, local))
    overlaps = defaultdict(list)
    every = chain.from_iterable(map(_overlaps, by_account.values()))
    for index, other in islice(every, MAX_OVERLAPS):
        overlaps[index].append(other)
    return overlaps


def _overlaps(entries: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield each overlap of an entry with an earlier subject; with an equal one twice, as in Go."""
    subjects = list(dict.fromkeys(subject for _, subject in entries))
    pairs = ((one, other) for one, bits in containments(subjects) for other in members(bits))
    overlapping = defaultdict(set)
    for one, other in islice(pairs, 2 * MAX_OVERLAPS):  # two that contain each other come twice
        overlapping[one].add(other)
        overlapping[other].add(one)
    seen: dict[str, int] = {}
    for index, subject in entries:
        if subject in seen:
            yield from ((index, subject), (index, subject))
        number = seen.setdefault(subject, len(seen))
        for other in sorted(overlapping[number]):
            if other < len(seen):
                yield index, subjects[other]


def _check_export(issues: Collector, at: str, export: Export) -> None:
    is_service = export.type == SERVICE
    if not export.type:
        issues.error(IssueCode.EXPORT_TYPE, f"{at}.type", "neither a stream nor a service")
    if is_service and export.response_type not in ("", SINGLETON, STREAMED, CHUNKED):
        message = f"{export.response_type!r} is none of {SINGLETON}, {STREAMED} and {CHUNKED}"
        issues.error(IssueCode.RESPONSE_TYPE, f"{at}.response_type", message)
    if export.type == STREAM and export.response_type:
        message = "a stream has no responses"
        issues.error(IssueCode.RESPONSE_TYPE, f"{at}.response_type", message)
    if export.type == STREAM and export.allow_trace:
        message = "only a service's requests may be traced on"
        issues.error(IssueCode.EXPORT_TRACE, f"{at}.allow_trace", message)
    if export.service_latency is not None:
        if not is_service:
            message = "only a service can be measured"
            issues.error(IssueCode.LATENCY_OF_STREAM, f"{at}.service_latency", message)
        _check_latency(issues, f"{at}.service_latency", export.service_latency)
    if export.response_threshold < 0 or (export.response_threshold and not is_service):
        message = "a positive time for services, else 0"
        issues.error(IssueCode.RESPONSE_THRESHOLD, f"{at}.response_threshold", message)
    issues.subject(f"{at}.subject", export.subject)
    if export.account_token_position:
        _check_account_position(issues, f"{at}.account_token_position", export)
    check_info(issues, at, export)


def _check_latency(issues: Collector, at: str, latency: ServiceLatency) -> None:
    if not 0 <= latency.sampling <= 100:  # noqa: PLR2004 - percent
        message = f"expected 1 to 100 percent, or 0 for headers, got {latency.sampling}"
        issues.error(IssueCode.LATENCY_SAMPLING, f"{at}.sampling", message)
    issues.subject(f"{at}.results", latency.results)
    if has_wildcards(latency.results):
        message = f"nothing can be published to {shown(latency.results)}, which has wildcards"
        issues.error(IssueCode.LATENCY_RESULTS_WILDCARD, f"{at}.results", message)


def _check_account_position(issues: Collector, at: str, export: Export) -> None:
    position, tokens = export.account_token_position, export.subject.split(".")
    if not has_wildcards(export.subject) or position > len(tokens) or tokens[position - 1] != "*":
        message = f"token {position} of {shown(export.subject)} is not '*'"
        issues.error(IssueCode.ACCOUNT_TOKEN_POSITION, at, message)


def _check_export_overlaps(
    issues: Collector, kind: str, exports: Sequence[tuple[str, str]]
) -> None:
    """Report each subject that covers one of another export; once, however many it covers."""
    if len(exports) <= 1:
        return
    times = Counter(subject for _, subject in exports)
    paths = {subject: at for at, subject in reversed(exports)}
    subjects = list(times)
    covered = {one: next(members(others)) for one, others in containments(subjects)}
    for number, subject in enumerate(subjects):
        if number in covered or times[subject] > 1:
            other = subjects[covered.get(number, number)]
            message = f"the {kind} {shown(subject)} covers {shown(other)} of another export"
            issues.error(IssueCode.EXPORT_OVERLAP, paths[subject], message)
