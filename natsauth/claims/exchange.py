"""What accounts export to each other and import from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsauth._codec import Path, Problems, mismatch, read_int64
from natsauth._wire import (
    UINT64,
    WireObject,
    choice,
    custom,
    flag,
    integer,
    optional,
    text,
    wire,
)
from natsauth.claims.permissions import nanoseconds
from natsauth.claims.revocations import Revocable, revocation_list

if TYPE_CHECKING:
    from datetime import timedelta

STREAM = "stream"
SERVICE = "service"
SINGLETON = "Singleton"
STREAMED = "Stream"
CHUNKED = "Chunked"
HEADERS = 0
"""The sampling that measures the requests whose headers ask for it."""


def _read_sampling(value: Any, path: Path, problems: Problems) -> int:
    if isinstance(value, str) and value.lower() == "headers":
        return HEADERS
    return read_int64(value, path, problems)


def _write_sampling(value: Any, path: Path, problems: Problems) -> str:
    if value.__class__ is not int or not HEADERS <= value <= 100:  # noqa: PLR2004 - percent
        return mismatch(path, "percentage from 1 to 100, or 0 for headers", value, problems)
    return repr(value) if value else '"headers"'


@wire
class ServiceLatency(WireObject):
    """Measurement of how fast a service answers.

    Attributes:
        sampling: Percentage of requests from 1 to 100, or 0 for those whose headers ask for it.
        results: Subject that the measurements are published to.
    """

    sampling: int = custom(_read_sampling, _write_sampling, missing=HEADERS, keep=True)
    results: str = text(keep=True)


@wire
class Import(WireObject):
    """A stream or service of another account.

    Attributes:
        name: A name for people.
        subject: The exporter's subject of a stream; of a service, as its importer sees it.
        account: Public key of the exporting account.
        token: Activation token, when the export asks for one.
        to: Deprecated; use ``local_subject``.
        local_subject: Subject in the importing account; ``$1`` stands for the first wildcard.
        type: ``stream`` or ``service``.
        share: Whether the exporter of a service learns who asks.
        allow_trace: Whether messages of a stream may be traced on.
    """

    name: str = text()
    subject: str = text()
    account: str = text()
    token: str = text(secret=True)
    to: str = text()
    local_subject: str = text()
    type: str = choice(STREAM, SERVICE)
    share: bool = flag()
    allow_trace: bool = flag()


@wire
class Export(Revocable):
    """A stream or service for other accounts.

    Attributes:
        name: A name for people.
        subject: What is exported; wildcards allowed.
        type: ``stream`` or ``service``.
        token_req: Whether importers need an activation token.
        revocations: Importing accounts whose activation tokens are refused.
        response_type: Of a service: ``Singleton`` (also if empty), ``Stream`` or ``Chunked``.
        response_threshold: Of a service: nanoseconds to answer in; 0 is the server's default.
        service_latency: Measurement of a service, or ``None``.
        account_token_position: Which token of the subject is the importer's key, from 1; 0 if none.
        advertise: Whether the export may be shown to others.
        allow_trace: Whether requests to a service may be traced on.
        description: Free text, up to 8192 bytes.
        info_url: Where to read more, up to 8192 bytes.
    """

    name: str = text()
    subject: str = text()
    type: str = choice(STREAM, SERVICE)
    token_req: bool = flag()
    revocations: dict[str, int] | None = revocation_list()
    response_type: str = text()
    response_threshold: int = integer()
    service_latency: ServiceLatency | None = optional(ServiceLatency)
    account_token_position: int = integer(within=UINT64)
    advertise: bool = flag()
    allow_trace: bool = flag()
    description: str = text()
    info_url: str = text()

    def answer_within(self, duration: timedelta) -> None:
        """Set the time a service has to answer."""
        self.response_threshold = nanoseconds(duration)
