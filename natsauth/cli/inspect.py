"""``natsauth inspect``."""

from __future__ import annotations

import re
from time import time
from typing import TYPE_CHECKING, NamedTuple

import click

from natsauth.cli._commands import command
from natsauth.cli._credentials import read_source
from natsauth.cli._describe import describe
from natsauth.cli._findings import ERROR, Finding, findings
from natsauth.cli._hints import picture_of
from natsauth.cli._keys import parse_key
from natsauth.cli._output import ExitCode
from natsauth.cli._tables import harmless
from natsauth.cli._tokens import payload_of, token_in
from natsauth.creds import Creds
from natsauth.errors import CredsError, MalformedTokenError, NatsAuthError
from natsauth.keys import PublicKey
from natsauth.token import decode, peek_unverified

if TYPE_CHECKING:
    from natsauth.claims import Claims
    from natsauth.cli._session import Session


_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class _Inspection(NamedTuple):
    """What is found in a text that holds a token."""

    token: str
    claims: Claims
    forged: str
    """Why the token does not verify; empty if it does."""
    findings: list[Finding]


@command(
    "inspect",
    "natsauth inspect service.creds",
    "natsauth inspect eyJ0eXAiOiJKV1Qi… --json",
    "nsc generate creds -a orders -n service | natsauth inspect -",
)
@click.argument("source")
@click.pass_obj
def inspect(session: Session, /, source: str) -> None:
    """Show any token or creds file, and what is wrong in it.

    SOURCE is a token, the name of a file with one, or - for standard input. A seed is never shown.
    Exit code 4 is for a token that does not verify, has expired, or is refused by servers.
    """
    text = source if parse_key(source) else read_source(source)
    found = _inspect(text, int(time()))
    document = {
        "claims": payload_of(found.token),
        "findings": [finding._asdict() for finding in found.findings],
        "kind": found.claims.kind,
        "verified": not found.forged,
    }
    session.output.show(document, _text(found))
    if found.forged:
        session.output.note(f"NOT VERIFIED: {found.forged}", hint="do not believe what it says")
    elif not session.output.json and (hint := picture_of(found.claims)):
        session.output.note(hint)
    if any(finding.level == ERROR for finding in found.findings):
        click.get_current_context().exit(ExitCode.FINDINGS)


def _inspect(text: str, now: int) -> _Inspection:
    token = _token_in(text)
    claims, said, forged = peek_unverified(token), [], ""
    try:
        claims = decode(token).claims
    except NatsAuthError as error:
        forged = str(error.args[0])
        said.append(Finding(ERROR, error.code, "$", forged))
    else:
        if "USER NKEY SEED-" in text:
            said += _creds_findings(text)
    return _Inspection(token, claims, forged, said + findings(claims, now))


def _token_in(text: str) -> str:
    """Return the token in a text; of a key or a configuration it is said what it is.

    Raises:
        MalformedTokenError: There is none, or there are several.
    """
    try:
        return token_in(text)
    except MalformedTokenError:
        if key := parse_key(text):
            what = "public key" if isinstance(key, PublicKey) else "seed"
            raise MalformedTokenError(f"this is the {what} of a key of role {key.type}") from None
        if found := _TOKEN.findall(text):
            raise MalformedTokenError(
                f"this is no token alone: {len(found)} are in it, as in a configuration",
                hint="natsauth inspect takes one of them: the text that starts with eyJ",
            ) from None
        raise


def _creds_findings(text: str) -> list[Finding]:
    try:
        Creds.parse(text)
    except CredsError as error:
        return [Finding(ERROR, error.code, "", f"creds that let nobody in: {error.args[0]}")]
    return [Finding("note", "creds", "", "creds: the seed fits the token; keep them secret")]


def _text(found: _Inspection) -> str:
    tables = [table.render() for table in describe(found.claims)]
    said = [f"{level}: {message}" for level, _, _, message in found.findings]
    if found.forged:
        head = f"NOT VERIFIED: {found.forged}. Anybody may have written this.\n\n"
    else:
        head = ""
        said = [
            f"verified: signed by {found.claims.iss}; whether that is trusted is not judged",
            *said,
        ]
    return head + "\n".join([*tables, *map(harmless, said)])
