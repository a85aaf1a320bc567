"""Private exports: the leave to import one, and the import that makes use of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsauth.authority._commit import sign
from natsauth.authority._draft import Draft
from natsauth.claims import AccountClaims, Activation, ActivationClaims, Import
from natsauth.claims.base import seconds
from natsauth.errors import ExistsError, NotFoundError, TrustError, UsageError
from natsauth.subjects import is_contained_in
from natsauth.token import Token, decode

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from natsauth.authority._tree import Tree
    from natsauth.signing import Signer


def activate(
    tree: Tree,
    exporter: Draft[AccountClaims],
    subject: str,
    account: str,
    *,
    expires_in: timedelta | None,
    not_before: datetime | float | None,
    signer: Signer | str | None,
    now: int,
) -> Token[ActivationClaims]:
    """Sign the leave for an account to import a private export: see ``AccountNode.activate``."""
    if not isinstance(subject, str):
        raise UsageError(f"a subject is text, got {type(subject).__name__}")
    exports = [export for export in exporter.claims.nats.exports or () if export]
    fitting = [export for export in exports if is_contained_in(subject, export.subject)]
    private = [export for export in fitting if export.token_req]
    if not private:
        raise NotFoundError(
            f"account {exporter.path[-1]!r:.80} has no private export of {subject!r:.80}",
            hint="a public export needs no activation" if fitting else "export it first",
        )
    [export, *_] = private
    claims = ActivationClaims(
        sub=account, name=subject, nats=Activation(subject=subject, kind=export.type)
    )
    if expires_in is not None:
        claims.expire_in(expires_in, now=now)
    if not_before is not None:
        claims.nbf = seconds(not_before)
    draft = Draft((*exporter.path, subject), claims, signer=signer)
    # What was revoked in this very second can be granted again in the next.
    return sign(tree, draft, now + export.is_revoked(account, now))


def add_import(
    importer: AccountClaims,
    source: Import | Token[ActivationClaims],
    *,
    name: str,
    local_subject: str,
) -> Import:
    """Add an import, public or from an activation token: see ``AccountNode.add_import``."""
    if not isinstance(source, Import | Token):
        raise UsageError(f"expected an Import or an activation, got {type(source).__name__}")
    if isinstance(source, Import) and (name or local_subject):
        raise UsageError("an Import has a name and a local_subject of its own")
    if isinstance(source, Token):
        source = _from_activation(importer, source, name, local_subject)
    if importer.nats.find_import(source.subject, source.account) is not None:
        raise ExistsError(f"{source.subject!r:.80} is imported from {source.account} already")
    importer.nats.imports = [*(importer.nats.imports or ()), source]
    return source


def _from_activation(
    importer: AccountClaims, token: Token[ActivationClaims], name: str, local_subject: str
) -> Import:
    leave = decode(token, ActivationClaims).claims
    if leave.sub != importer.sub:
        raise TrustError(f"the activation is for {leave.sub!r:.80}, not for {importer.sub}")
    return Import(
        name=name or leave.nats.subject,
        subject=leave.nats.subject,
        account=leave.nats.issuer_account or leave.iss,
        token=token.encoded,
        local_subject=local_subject,
        type=leave.nats.kind,
    )
