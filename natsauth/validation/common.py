"""Rules that several kinds of claims share: times, links, tags, revocations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth._codec import render
from natsauth._values import info_url_problem
from natsauth.claims.base import ANY, FAR
from natsauth.validation.collector import key_problem
from natsauth.validation.report import IssueCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from natsauth.claims import Account, Claims, Export
    from natsauth.keys import KeyType
    from natsauth.validation.collector import Collector

MAX_INFO_BYTES = 8192


def member(path: str, name: str) -> str:
    """Return the path of a member whose name is data."""
    return path + render(((), name)).removeprefix("$")


def check_times(issues: Collector, claims: Claims, now: int) -> None:
    """Check expiry and start. The second of ``exp`` itself is good; 0 and less stand for none."""
    if 0 < claims.exp < now:
        message = f"expired {now - claims.exp} seconds ago"
        issues.time_check(IssueCode.EXPIRED, "$.exp", message)
    if claims.nbf > max(now, 0):
        message = f"not valid for another {claims.nbf - now} seconds"
        issues.time_check(IssueCode.NOT_YET_VALID, "$.nbf", message)
    for name, moment in (("exp", claims.exp), ("nbf", claims.nbf)):
        if moment >= FAR:
            message = "is thousands of years away; times are in seconds, not in milliseconds"
            issues.warning(IssueCode.TIME_FAR, f"$.{name}", message)


def check_info(issues: Collector, path: str, info: Account | Export) -> None:
    """Check the description and the link of an account or export."""
    if _bytes(info.description) > MAX_INFO_BYTES:
        message = f"the description is longer than {MAX_INFO_BYTES} bytes"
        issues.error(IssueCode.DESCRIPTION_TOO_LONG, f"{path}.description", message)
    if _bytes(info.info_url) > MAX_INFO_BYTES:
        message = f"the URL is longer than {MAX_INFO_BYTES} bytes"
        issues.error(IssueCode.INFO_URL_TOO_LONG, f"{path}.info_url", message)
    if problem := info_url_problem(info.info_url):
        issues.error(IssueCode.INFO_URL, f"{path}.info_url", problem)


def check_tags(issues: Collector, path: str, tags: Iterable[str] | None) -> None:
    """Warn of tags that no scope template finds: it looks for names in lower case only."""
    for index, tag in enumerate(tags or ()):
        name = tag.partition(":")[0]
        if name != name.lower():
            message = f"templates find names of tags in lower case only, not {name!r}"
            issues.warning(IssueCode.TAG_UPPER_CASE, f"{path}[{index}]", message)


def check_revocations(
    issues: Collector, path: str, revocations: Mapping[str, int] | None, role: KeyType
) -> None:
    """Warn of revocations of what is no key of the role, and so never comes up."""
    for key in revocations or ():
        if key != ANY and (problem := key_problem(key, role)):
            issues.warning(IssueCode.REVOCATION_KEY, member(path, key), problem)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
